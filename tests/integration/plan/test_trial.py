"""Expressions of people are tried on the source, and do nothing else there."""
