"""The owners of the journal's partitions: decide on commands, hand out tasks, keep timers."""
