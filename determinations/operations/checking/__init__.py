"""The checks of the installation, by subject."""
