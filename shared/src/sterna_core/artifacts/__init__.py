"""Files that belong to clusters, kept in parquet for all processes of an installation."""
