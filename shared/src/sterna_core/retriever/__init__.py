"""Retrievers: how a namespace is asked, as their definitions say."""
