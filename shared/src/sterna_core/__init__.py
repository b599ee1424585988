"""sterna_core."""
