"""Where the documents of namespaces live: one port, and the stores behind it."""
