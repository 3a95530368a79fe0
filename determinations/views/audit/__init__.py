"""Pages of the audit trail, and the middleware that records where requests come from and what left no event."""
