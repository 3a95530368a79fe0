"""What users see of a letter: its fields, items, current version and page pictures."""
