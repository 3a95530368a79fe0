"""The web server: gunicorn supervises processes, and in each of them waitress reads requests before a thread runs."""
