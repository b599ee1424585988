"""The demonstration of namespaces: one is extracted anew by a better extractor, and an executor killed."""

from sterna_cli.demo.namespaces.drive import demonstrate

__all__ = ["demonstrate"]
