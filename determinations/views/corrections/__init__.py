"""Pages: corrections, the review queue, duplicates, reparsing, removal, authorities."""
