"""Statistics: counts over the fact rows, and the tables that pages and exports show."""
