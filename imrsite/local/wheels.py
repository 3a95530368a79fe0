"""Locates programs installed from Python wheels, and the error for those that cannot run."""

from importlib.util import find_spec
from pathlib import Path


class ServiceError(Exception):
    """Why a service cannot run: one sentence for the user."""


def package_folder(name: str) -> Path:
    """The folder of an installed wheel, without importing it."""
    spec = find_spec(name)
    if spec is None or spec.origin is None:
        raise ServiceError(
            f"The package {name.replace('_', '-')} is not installed: "
            "install imrsite[embedded], or set DATABASE_URL and REDIS_URL to your own servers."
        )
    return Path(spec.origin).parent
