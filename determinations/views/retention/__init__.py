"""Pages: legal holds, the archive, erasure."""
