"""From bytes to text: what kind of file it is, its text with page offsets, or why it cannot be read.

Plain Python without Django: the child process that reads strangers' files imports nothing but this.
"""
