"""Messages and PDF portfolios: the files that they carry, taken out in a confined child, in bounds.

Like the rest of extraction plain Python without Django.
"""
