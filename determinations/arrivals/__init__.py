"""Letters that arrive by themselves: sources that workers look at, and what they take from them.

Files are stored and their rows committed first (``intake.receiving``); only then are they moved in the source.
"""
