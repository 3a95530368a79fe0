"""Checks that the database and the broker answer and are recent enough; each failure is one sentence."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from django.db.utils import Error as DatabaseError

from imrsite.local.wheels import ServiceError

if TYPE_CHECKING:
    import redis

POSTGRESQL = (15, 0)
REDIS = (6, 2)


def check_database() -> None:
    """:class:`ServiceError` unless ``DATABASE_URL`` points to a PostgreSQL that imrsite can use."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_setting('server_version_num')::int, current_setting('server_encoding')")
            number, encoding = cursor.fetchone()
    except (DatabaseError, ImproperlyConfigured) as error:
        reason = " ".join(str(error).split())
        raise ServiceError(
            f"No PostgreSQL answers at DATABASE_URL: start it, or correct the address ({reason})."
        ) from error
    version = number // 10_000, number % 10_000
    if version < POSTGRESQL:
        raise ServiceError(
            f"DATABASE_URL points to PostgreSQL {version[0]}, and imrsite needs {POSTGRESQL[0]} or newer: "
            "upgrade it or use another server."
        )
    if encoding != "UTF8":
        raise ServiceError(
            f"The database at DATABASE_URL uses the encoding {encoding}: create one with ENCODING 'UTF8' and use that."
        )


def check_broker() -> None:
    """:class:`ServiceError` unless ``REDIS_URL`` points to a Redis or Valkey that imrsite can use."""
    import redis

    client = broker_client(seconds=5)
    try:
        server: Any = client.info("server")
    except redis.RedisError as error:
        raise ServiceError(f"No Redis answers at REDIS_URL: start it, or correct the address ({error}).") from error
    finally:
        client.close()
    version = tuple(int(part) for part in str(server["redis_version"]).split(".")[:2])
    if version < REDIS:
        raise ServiceError(
            f"REDIS_URL points to Redis {server['redis_version']}, and imrsite needs {REDIS[0]}.{REDIS[1]} or newer: "
            "upgrade it or use another server."
        )


def broker_client(*, seconds: float = 2) -> "redis.Redis":
    """A client of the broker with this time limit."""
    import redis  # here, because every command imports this module

    return redis.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=seconds, socket_timeout=seconds)


@register(Tags.database)
def database_is_usable(databases: Sequence[str] | None = None, **details: Any) -> list[CheckMessage]:
    """Run the same check in `migrate` and `check --database default`."""
    if not databases:
        return []
    try:
        check_database()
    except ServiceError as error:
        return [Error(str(error), id="imrsite.E001")]
    return []
