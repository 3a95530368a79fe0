"""How values are stored in the cache: as JSON, which unlike a pickle cannot run anything when it is read."""

import json
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal

#: Types that JSON lacks, by the name of their only key.
_READ: Mapping[str, Callable[[str], object]] = {
    "$datetime": datetime.fromisoformat,
    "$date": date.fromisoformat,
    "$decimal": Decimal,
}


class JsonSerializer:
    """Django's cache serializer for plain values, dates and decimals; tuples come back as lists."""

    def dumps(self, value: object) -> bytes | int:
        """The stored form. Whole numbers stay numbers, so that the server can count with them."""
        if type(value) is int:
            return value
        return json.dumps(value, default=_written, separators=(",", ":")).encode()

    def loads(self, stored: bytes) -> object:
        """The value."""
        return json.loads(stored, object_hook=_read)


def _written(value: object) -> dict[str, str]:
    match value:
        case datetime():
            return {"$datetime": value.isoformat()}
        case date():
            return {"$date": value.isoformat()}
        case Decimal():
            return {"$decimal": str(value)}
    raise TypeError(f"{type(value).__name__} cannot be cached")


def _read(stored: dict[str, object]) -> object:
    if len(stored) == 1:
        ((name, value),) = stored.items()
        if name in _READ and isinstance(value, str):
            return _READ[name](value)
    return stored
