"""Pages about stored files and what becomes of them."""
