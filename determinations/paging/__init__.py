"""Keyset pages, filtered lists and capped counts."""
