"""Extracts text from files: detects the kind of file, and returns its text with page offsets or a reason for refusal.

Plain Python without Django: the child process that reads untrusted files imports only this package.
"""
