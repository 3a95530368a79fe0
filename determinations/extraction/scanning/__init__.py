"""From a picture of a page to its words: drawn, turned, straightened, cleaned, recognized, in a confined child.

Like the rest of extraction plain Python without Django.
"""
