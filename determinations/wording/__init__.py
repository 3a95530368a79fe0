"""Labels for values, states and paths; how numbers and cells are written."""
