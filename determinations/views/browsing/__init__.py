"""Pages: home, lists, search, saved views, exports."""
