"""Kafka behind the journal's ports."""
