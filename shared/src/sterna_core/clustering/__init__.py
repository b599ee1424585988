"""What clusters are: how one is computed, and what documents say of it."""
