"""Brings clusters: their files with every id rewritten, or computed anew."""
