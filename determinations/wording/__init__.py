"""Labels, states and paths in words."""
