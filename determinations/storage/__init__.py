"""Stored files, encrypted at rest: the only place that opens letters, page pictures and exports on disk."""
