"""Recognizes the words in page pictures, which are turned, straightened and cleaned first, in a confined child.

Like the rest of extraction, plain Python without Django.
"""
