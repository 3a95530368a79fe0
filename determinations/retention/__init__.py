"""What becomes of letters: legal holds, the archive."""
