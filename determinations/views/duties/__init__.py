"""Pages: the worklist, one duty, receipt of letters, the calendar feed."""
