"""Pages of the office's own fields."""
