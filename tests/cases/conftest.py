"""Case pages are tested with the collection that lists are tested with."""

from tests.browsing.conftest import _collection_ids, collection

__all__ = ["_collection_ids", "collection"]
