"""sterna_api."""
