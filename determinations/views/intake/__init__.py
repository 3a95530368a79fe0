"""Pages: uploads and letters."""
