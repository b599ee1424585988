"""Copies namespaces from store to store."""
