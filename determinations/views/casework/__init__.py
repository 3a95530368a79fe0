"""Pages: owner, status, tags and notes of a case; actions on selected rows; notifications."""
