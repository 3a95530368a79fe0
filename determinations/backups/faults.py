"""Why a backup cannot be made, read or restored."""


class BackupRefused(Exception):
    """One sentence for the operator: what is wrong, and what to do. No letter text."""
