"""Case pages use the same collection as the list tests."""

from tests.browsing.conftest import _collection_ids, collection

__all__ = ["_collection_ids", "collection"]
