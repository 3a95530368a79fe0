"""The data set: all cases, items, citations and grounds as tables for analysts, with a dictionary of their columns."""
