"""Labels for values, states and paths."""
