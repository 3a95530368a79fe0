"""Roles and the record of who saw or changed what."""
