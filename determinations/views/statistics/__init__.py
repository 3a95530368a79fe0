"""The pages of statistics and citations."""
