"""The REST API: its addresses in one module per subject, and the pages about tokens."""
