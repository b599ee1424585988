"""Taxonomies: what label a document has, as the retriever of a taxonomy finds it."""
