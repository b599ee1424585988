"""What a name of an organisation stands for: a namespace of its own, or one that it is led to."""
