from sterna_cli.demo.glosses.corpus import Corpus, Document, Query, read_corpus

__all__ = ["Corpus", "Document", "Query", "read_corpus"]
