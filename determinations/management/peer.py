"""A peer to compare lists with: Datasette on SQLite, made as fast as its documentation says.

The items become a SQLite file with an index for each order and filter that is measured, full text search, and
statistics for its planner. Datasette opens the file as immutable and inspected, and suggests no facets. Datasette is
no dependency: whoever compares installs it, in an environment of its own.
"""

import http.client
import os
import signal
import socket
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.db.models import QuerySet

from determinations.models import CitationFact, ItemFact

_DATABASE, _INSPECTED = "items.db", "inspected.json"
_STARTS_WITHIN = 60.0
_CHUNK = 5_000
_TABLES = """
CREATE TABLE items (
    item_id INTEGER PRIMARY KEY, case_number TEXT, number INTEGER, decision_date TEXT, decision_year INTEGER,
    category TEXT, decision TEXT, request TEXT, specialty TEXT, rationale TEXT, lines TEXT
);
CREATE TABLE cited (
    item_id INTEGER REFERENCES items (item_id), authority TEXT, PRIMARY KEY (authority, item_id)
) WITHOUT ROWID;
"""
_INDEXES = """
CREATE INDEX newest ON items (decision_date DESC, item_id);
CREATE INDEX by_category ON items (category, decision, decision_date DESC, item_id);
CREATE INDEX by_decision ON items (decision, decision_date DESC, item_id);
CREATE INDEX by_year ON items (decision_year, category, decision, decision_date DESC, item_id);
CREATE INDEX cited_by_item ON cited (item_id, authority);
CREATE VIRTUAL TABLE items_fts USING fts5 (request, rationale, lines, content=items, content_rowid=item_id);
INSERT INTO items_fts (items_fts) VALUES ('rebuild');
INSERT INTO items_fts (items_fts) VALUES ('optimize');
ANALYZE;
"""
_COLUMNS = (
    "item_id", "case__case_number", "item__number", "decision_date", "decision_year", "category__name",
    "overturned", "item__request", "specialties",
    "item__text__rationale", "item__text__claims_text", "item__text__reviewer_text",
)  # fmt: skip


class NoPeer(Exception):
    """The peer does not run here; the message says why, and what to do."""


def write_peer(folder: Path, facts: QuerySet[ItemFact]) -> int:
    """Write these items to a new SQLite file in the folder; returns how many there are."""
    with sqlite3.connect(folder / _DATABASE) as database:
        database.executescript(_TABLES)
        rows = facts.values_list(*_COLUMNS).iterator(_CHUNK)
        database.executemany("INSERT INTO items VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", map(_row, rows))
        cited = CitationFact.objects.filter(fact__in=facts.values("pk"), side="reviewer")
        database.executemany(
            "INSERT OR IGNORE INTO cited VALUES (?, ?)", cited.values_list("fact", "authority__key").iterator(_CHUNK)
        )
        database.executescript(_INDEXES)
        (number,) = database.execute("SELECT count(*) FROM items").fetchone()
    database.close()
    return int(number)


def _row(fact: tuple[object, ...]) -> tuple[object, ...]:
    item_id, case_number, number, date, year, category, overturned, request, specialties, rationale, *lines = fact
    decision = "" if overturned is None else "overturned" if overturned else "upheld"
    names = "; ".join(specialties) if isinstance(specialties, list) else ""
    return (
        item_id, case_number, number, date and str(date), year, category, decision, request, names, rationale,
        " ".join(map(str, lines)),
    )  # fmt: skip


@contextmanager
def running_peer(program: str, folder: Path) -> Iterator[http.client.HTTPConnection]:
    """Datasette on the file of :func:`write_peer`, as a connection to it. Raises :class:`NoPeer`."""
    file = str(folder / _DATABASE)
    try:
        subprocess.run(
            [program, "inspect", file, "--inspect-file", str(folder / _INSPECTED)], capture_output=True, check=True
        )
    except FileNotFoundError:
        raise NoPeer(f"{program} does not exist: install datasette==0.65 in an environment of its own.") from None
    except subprocess.CalledProcessError as fault:
        raise NoPeer(f"{program} could not read the file: {fault.stderr.decode()[-300:]}") from None
    port = _free_port()
    settings = {"suggest_facets": "off", "default_page_size": "50", "sql_time_limit_ms": "60000"}
    command = [program, "serve", "-i", file, "--inspect-file", str(folder / _INSPECTED), "--port", str(port)]
    for name, value in settings.items():
        command += ["--setting", name, value]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=os.environ)
    try:
        yield _answering(port, server)
    finally:
        server.send_signal(signal.SIGINT)
        server.wait()


def _answering(port: int, server: "subprocess.Popen[bytes]") -> http.client.HTTPConnection:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    until = time.monotonic() + _STARTS_WITHIN
    while server.poll() is None and time.monotonic() < until:
        try:
            connection.request("GET", "/-/versions.json")
            connection.getresponse().read()
            return connection
        except OSError:
            connection.close()
            time.sleep(0.1)
    raise NoPeer("Datasette did not start.")


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])
