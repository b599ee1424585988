"""A vector namespace: documents with vectors, and the resources that are made of them."""
