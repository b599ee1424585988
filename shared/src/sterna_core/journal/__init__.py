"""The journal: one writer per partition, proved by the log itself."""
