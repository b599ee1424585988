"""Spaces in Qdrant: collections of points. Needs the extra `namespaces`."""
