"""Checking certificates: offline, and against the real tables."""
