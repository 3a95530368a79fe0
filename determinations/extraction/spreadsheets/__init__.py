"""Tables that users upload: CSV and Excel, read in a confined child process."""
