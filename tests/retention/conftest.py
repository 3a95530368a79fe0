"""A file store of its own, for tests that erase."""

from tests.storage.conftest import own_store

__all__ = ["own_store"]
