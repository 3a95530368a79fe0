"""Pages: one case, its letter's pages and original, problem reports, similar requests."""
