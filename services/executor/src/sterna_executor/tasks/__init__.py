"""Tasks: taken from the bus, carried out with bounded concurrency, reported."""
