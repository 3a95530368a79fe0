"""What staff teach the parser: aliases, category rules, printed citations, seed data."""
