"""Spaces in PostgreSQL with the extension pgvector: a schema for each."""
