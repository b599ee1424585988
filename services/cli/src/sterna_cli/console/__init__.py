"""What a person sees: plans, progress, reports, tables."""
