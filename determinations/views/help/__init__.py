"""The help section."""
