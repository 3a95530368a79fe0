"""Views: a request becomes one call, the result becomes a page."""
