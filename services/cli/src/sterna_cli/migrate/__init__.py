"""One migration from its URLs to its result, with a person watching."""
