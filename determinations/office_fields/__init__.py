"""The office's own fields: what they are, their values by case number, and imports of tables."""
