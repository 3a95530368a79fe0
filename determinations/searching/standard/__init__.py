"""A measured standard of search: queries with what is right for each, worked out without the search's own code."""
