"""The kinds of faults that a soak run injects. Each function begins one and returns how it ends."""

import contextlib
import os
import random
import signal
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from imrsite.local.soak.stack import SCHEDULER, WORKER, Stack

if TYPE_CHECKING:
    import redis

End = Callable[[], None]
Fault = Callable[[Stack, random.Random], End]


def _nothing() -> None:
    return


def _kill_worker(stack: Stack, chance: random.Random) -> End:
    stack.kill(WORKER)
    return stack.watch


def _kill_child(stack: Stack, chance: random.Random) -> End:
    if children := stack.children_of_worker():
        with contextlib.suppress(ProcessLookupError):
            os.kill(chance.choice(children), signal.SIGKILL)
    return _nothing


def _stop_worker(stack: Stack, chance: random.Random) -> End:
    """Stop it without a word, as a host does that is overloaded or suspended; later it goes on."""
    group = stack.programs[WORKER].pid
    os.killpg(group, signal.SIGSTOP)
    return lambda: os.killpg(group, signal.SIGCONT)


def _kill_scheduler(stack: Stack, chance: random.Random) -> End:
    stack.kill(SCHEDULER)
    return stack.watch


def _kill_database(stack: Stack, chance: random.Random) -> End:
    stack.services.kill("postgres")
    return lambda: stack.services.start_again("postgres")


def _kill_broker(stack: Stack, chance: random.Random) -> End:
    stack.services.kill("valkey")
    return lambda: stack.services.start_again("valkey")


def _terminate_sessions(stack: Stack, chance: random.Random) -> End:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
        )
    return _nothing


def _broker() -> "redis.Redis":
    import redis
    from django.conf import settings

    return redis.Redis.from_url(settings.REDIS_URL)


def _disconnect_broker(stack: Stack, chance: random.Random) -> End:
    with _broker() as client:
        client.client_kill_filter(_type="normal", skipme=True)
    return _nothing


def _flush(stack: Stack, chance: random.Random) -> End:
    with _broker() as client:
        client.flushall()
    return _nothing


def _lose_messages(stack: Stack, chance: random.Random) -> End:
    from imrsite.celery import BULK, INTERACTIVE

    with _broker() as client:
        client.delete(INTERACTIVE, BULK)
    return _nothing


def _duplicate(stack: Stack, chance: random.Random) -> End:
    """Send messages again, also of letters that were read long ago."""
    from determinations.models import Letter
    from determinations.tasks import parse_letters

    ids = list(Letter.objects.order_by("-pk").values_list("pk", flat=True)[:40])
    for _ in range(3):
        parse_letters.apply_async((chance.sample(ids, min(10, len(ids))), "interactive"), queue="interactive")
    return _nothing


def _flag(name: str, words: str) -> Callable[[Stack], End]:
    def begin(stack: Stack) -> End:
        flag = stack.state_dir / name
        flag.write_text(words)
        return flag.unlink

    return begin


def _fill(stack: Stack, chance: random.Random) -> End:
    return _flag("full", "yes")(stack)


def _skew(stack: Stack, chance: random.Random) -> End:
    """The clock of every worker is minutes ahead or behind."""
    return _flag("skew", str(chance.choice((-1, 1)) * chance.randint(60, 900)))(stack)


def _unmount(stack: Stack, chance: random.Random) -> End:
    """An empty folder is where the letters were, as on a host that did not mount the share."""
    from django.conf import settings

    folder = Path(settings.MEDIA_ROOT) / "letters"
    aside = folder.with_name("mounted-elsewhere")
    folder.rename(aside)
    folder.mkdir()

    def mount() -> None:
        folder.rmdir()
        aside.rename(folder)

    return mount


def _migrate_ahead(stack: Stack, chance: random.Random) -> End:
    """The database has a migration that the workers do not know."""
    from django.db import connection
    from django.db.migrations.recorder import MigrationRecorder

    recorder = MigrationRecorder(connection)
    recorder.record_applied("determinations", "9999_of_a_newer_program")
    return lambda: recorder.record_unapplied("determinations", "9999_of_a_newer_program")


def _lose_host(stack: Stack, chance: random.Random) -> End:
    """Power fails on the worker's host: no FIN and no reset. Another host takes its place at another address.

    PostgreSQL and Valkey still hold the sessions, locks and messages of the lost one.
    """
    assert stack.network
    stack.network.silence()
    stack.kill(WORKER)
    stack.network.move()
    return stack.watch


def _silence_network(stack: Stack, chance: random.Random) -> End:
    """Packets between worker and services vanish, for longer than either side waits; then they pass again."""
    assert stack.network
    stack.network.silence()
    time.sleep(chance.uniform(16, 20))
    return stack.network.restore


KINDS: Mapping[str, Fault] = {
    "kill the worker": _kill_worker,
    "kill a worker child": _kill_child,
    "stop the worker": _stop_worker,
    "kill the scheduler": _kill_scheduler,
    "kill the database": _kill_database,
    "kill the broker": _kill_broker,
    "terminate sessions": _terminate_sessions,
    "disconnect the broker": _disconnect_broker,
    "flush the broker": _flush,
    "lose messages": _lose_messages,
    "duplicate messages": _duplicate,
    "fill the disk": _fill,
    "skew clocks": _skew,
    "unmount the store": _unmount,
    "migrate ahead": _migrate_ahead,
    "lose a host": _lose_host,
    "silence the network": _silence_network,
}
#: These need a network namespace.
BY_NETWORK = frozenset({"lose a host", "silence the network"})
#: Drawn less often than others, because they last a third of a minute.
RARE = frozenset({"silence the network"})
