"""Pages: statistics and citations."""
