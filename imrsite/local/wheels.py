"""Where the programs that came in Python wheels lie, and what kept one of them from running."""

from importlib.util import find_spec
from pathlib import Path


class ServiceError(Exception):
    """What kept a service from running: one sentence for people."""


def package_folder(name: str) -> Path:
    """The folder of an installed wheel, without importing it."""
    found = find_spec(name)
    if found is None or found.origin is None:
        raise ServiceError(
            f"The package {name.replace('_', '-')} is not installed: "
            "install imrsite[embedded], or set DATABASE_URL and REDIS_URL to servers of your own."
        )
    return Path(found.origin).parent
