"""SQL expressions that users write: what they may say, decided from PostgreSQL's own grammar."""
