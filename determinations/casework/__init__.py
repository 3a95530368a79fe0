"""What staff do with a case: owner, status, tags, notes, watching, notifications."""
