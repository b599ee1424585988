"""What a migration of a namespace would take, measured on a sample of it before it begins."""
