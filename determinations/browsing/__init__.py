"""Lists, facets, search, similar requests and exports."""
