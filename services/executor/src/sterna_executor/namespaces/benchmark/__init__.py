"""Holds a migrated retriever against the one it was made from."""
