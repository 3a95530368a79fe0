"""Checks of the servers that everything stands on: PostgreSQL, its replica and pooler, the broker, the cache."""

from contextlib import closing

from django.conf import settings
from django.db import DatabaseError, connection
from redis.exceptions import RedisError

from determinations.operations.findings import Finding, Level
from determinations.reading.schema import schema_obstacle
from determinations.reading.worker_list import client
from determinations.replica.looking import look
from determinations.replica.own_writes import EVERYBODY
from imrsite.backing import broker_client
from imrsite.connections import REPLICA, is_configured, is_pooled


def database() -> Finding:
    """Whether PostgreSQL answers."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_setting('server_version')")
            (version,) = cursor.fetchone()
    except DatabaseError as fault:
        return Finding(
            Level.FAILING,
            f"The database does not answer ({type(fault).__name__}).",
            "Check PostgreSQL, its log and DATABASE_URL. Everything continues without a restart.",
        )
    return Finding(Level.OK, f"PostgreSQL {version.split()[0]} answers.")


def schema() -> Finding:
    """Whether the database has exactly the migrations of this program."""
    return Finding.of(schema_obstacle(), "All migrations of this program are applied, and no others.")


def replica() -> Finding:
    """Whether the read replica answers and keeps up."""
    if not is_configured(REPLICA):
        return Finding(Level.OK, "There is no read replica (REPLICA_URL); the primary answers everything.")
    state = look(EVERYBODY)
    if state.obstacle:
        return Finding(
            Level.FAILING,
            f"{state.obstacle} The primary answers everything.",
            "Check the standby, its log and REPLICA_URL. It is used again by itself.",
        )
    return Finding(
        Level.OK,
        f"The read replica is {state.lag:,.1f} seconds behind, and answers lists, search, statistics and exports.",
    )


def pooler() -> Finding:
    """Whether statements of a web server that go through a pooler have their limits, which only the pooler can set."""
    if not is_pooled():
        return Finding(Level.OK, "This process connects to PostgreSQL directly.")
    with connection.cursor() as cursor:
        cursor.execute("SELECT extract(epoch FROM current_setting('statement_timeout')::interval)")
        (seconds,) = cursor.fetchone()
    if seconds != settings.STATEMENT_SECONDS:
        return Finding(
            Level.WARNING,
            f"A statement through the pooler may take {seconds:,.0f} seconds instead of {settings.STATEMENT_SECONDS} "
            "(0: no limit).",
            "Set statement_timeout in the connect_query of the pooler, see imrsite/deploy/several-hosts.md.",
        )
    return Finding(Level.OK, "This process connects through a pooler, which limits statements.")


def broker() -> Finding:
    """Whether the broker answers."""
    try:
        with closing(broker_client()) as server:
            server.ping()
    except RedisError as fault:
        return Finding(
            Level.FAILING,
            f"The broker does not answer ({type(fault).__name__}).",
            "Check Redis or Valkey and REDIS_URL. What was queued is sent again by itself.",
        )
    return Finding(Level.OK, "The broker answers.")


def cache_server() -> Finding:
    """Whether the cache answers."""
    try:
        client().ping()
    except RedisError as fault:
        return Finding(
            Level.FAILING,
            f"The cache does not answer ({type(fault).__name__}).",
            "Check Redis or Valkey and CACHE_URL. Pages are slower until then.",
        )
    return Finding(Level.OK, "The cache answers.")
