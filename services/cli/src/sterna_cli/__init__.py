"""sterna_cli."""
