"""Messages and PDF portfolios: extracts the files that they carry, in a confined child, within limits.

Like the rest of extraction, plain Python without Django.
"""
