"""sterna_executor."""
