"""Pages and addresses for operators: health checks, metrics, status."""
