"""What staff teach the parser: aliases and category rules; also seed data."""
