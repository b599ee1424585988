"""The demonstration: a shop of a million rows is moved, and an executor killed on the way."""
