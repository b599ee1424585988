"""What retrievers were asked and answered, and what people did with the answers."""
