"""Backups: a copy of the database and of every letter's file that belong together, made while letters arrive."""
