"""A soak run: start the stack, inject faults one after another, wait for recovery, count, print a table."""

import argparse
import contextlib
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from imrsite.local.soak.faults import BY_NETWORK, KINDS, RARE
from imrsite.local.soak.network import NoNamespace, WorkerNetwork
from imrsite.local.soak.stack import Stack
from imrsite.local.wheels import ServiceError

if TYPE_CHECKING:
    from django.contrib.auth.models import User

    from imrsite.local.soak.work import Damage, Work

#: Longer than this after the end of a fault, and the letters count as stuck.
STUCK_AFTER = 120.0
#: Longer than this, and the run says what is open.
SLOW_AFTER = 45.0


def add_options(parser: argparse.ArgumentParser) -> None:
    """The command's own options."""
    parser.add_argument("--faults", type=int, default=30, help="how many faults to inject (default: 30)")
    parser.add_argument("--seed", type=int, help="repeats the faults of an earlier run")
    parser.add_argument("--letters", type=int, default=12, help="letters uploaded around each fault (default: 12)")
    parser.add_argument(
        "--burst", type=int, default=1, help="up to so many faults before the system may recover (default: 1)"
    )
    parser.add_argument("--hold", type=float, default=3, help="seconds that a fault may last (default: 3)")
    parser.add_argument("--kinds", default="", help=f"only these, separated by commas: {', '.join(KINDS)}")
    parser.add_argument("--minutes", type=float, default=0, help="stop after so many minutes")
    parser.add_argument("--state-dir", type=Path, help="folder of the run (default: a temporary one)")


def run_soak(arguments: Sequence[str]) -> int:
    """Run to the end; returns the exit code: 1 if anything was lost, doubled, half-written, set aside or stuck."""
    parser = argparse.ArgumentParser(prog="manage.py soak", description=__doc__)
    add_options(parser)
    options = parser.parse_args(arguments)
    unknown = [kind for kind in _kinds(options) if kind not in KINDS]
    if unknown:
        parser.error(f"there is no fault {unknown[0]!r}")
    if options.faults < 1 or options.burst < 1:
        parser.error("at least one fault is needed")
    folder = (options.state_dir or Path(tempfile.mkdtemp(prefix="imrsite-soak-"))).resolve()
    _set_environment(folder)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with Stack(folder, _network(options, folder)) as stack:
            return _Soak(stack, options).run()
    except (ServiceError, TimeoutError) as error:
        print(f"imrsite: {error}", file=sys.stderr)
        return 1
    finally:
        if options.state_dir is None:
            shutil.rmtree(folder, ignore_errors=True)


def _network(options: argparse.Namespace, folder: Path) -> WorkerNetwork | None:
    """The worker's own network; without one, the kinds of faults that need it are left out, and the run says so."""
    if BY_NETWORK.isdisjoint(_kinds(options)):
        return None
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        return WorkerNetwork.create(folder / "network.log")
    except NoNamespace as reason:
        left = [kind for kind in _kinds(options) if kind not in BY_NETWORK]
        print(f"Left out, for want of a network namespace ({reason}): {', '.join(sorted(BY_NETWORK))}.", flush=True)
        if not left:
            raise ServiceError("no kind of fault is left: run this as root") from reason
        options.kinds = ",".join(left)
        return None


def _now() -> datetime:
    return datetime.now().astimezone()


def _kinds(options: argparse.Namespace) -> list[str]:
    return [kind.strip() for kind in options.kinds.split(",") if kind.strip()] or list(KINDS)


def _set_environment(folder: Path) -> None:
    for name in ("DATABASE_URL", "REDIS_URL", "CACHE_URL", "DATA_DIR", "FILE_KEYS", "SECRET_KEY"):
        os.environ.pop(name, None)
    os.environ |= {"IMRSITE_STATE_DIR": str(folder), "DJANGO_SETTINGS_MODULE": "imrsite.settings"}


@dataclass(slots=True)
class _Tally:
    """What one kind of fault cost. Of a burst, costs and recovery are those of its last fault."""

    times: int = 0
    lost: int = 0
    doubled: int = 0
    half_written: int = 0
    set_aside: int = 0
    stuck: int = 0
    seconds: list[float] = field(default_factory=list)

    def add(self, damage: "Damage", before: "Damage") -> None:
        """Count what was not there before."""
        self.lost += max(0, damage.lost - before.lost)
        self.doubled += max(0, damage.doubled - before.doubled)
        self.half_written += max(0, damage.half_written - before.half_written)
        self.set_aside += max(0, damage.set_aside - before.set_aside)

    @property
    def failures(self) -> int:
        """Everything that must be zero."""
        return self.lost + self.doubled + self.half_written + self.set_aside + self.stuck

    def line(self, kind: str) -> str:
        """A row of the table."""
        middle, most = (median(self.seconds), max(self.seconds)) if self.seconds else (0.0, 0.0)
        return (
            f"{kind:24} {self.times:6} {self.lost:6} {self.doubled:8} {self.half_written:13} {self.set_aside:10} "
            f"{self.stuck:6} {middle:9.1f} {most:9.1f}"
        )


_HEAD = (
    f"{'fault':24} {'times':>6} {'lost':>6} {'doubled':>8} {'half-written':>13} {'set aside':>10} {'stuck':>6} "
    f"{'median s':>9} {'longest s':>9}"
)


class _Soak:
    """One run."""

    def __init__(self, stack: Stack, options: argparse.Namespace) -> None:
        self.stack = stack
        self.options = options
        self.seed = options.seed if options.seed is not None else random.SystemRandom().randrange(1_000_000)
        self.chance = random.Random(self.seed)  # noqa: S311 - repeatable faults, no secrets
        self.tallies = {kind: _Tally() for kind in _kinds(options)}

    def run(self) -> int:
        """Inject all faults; returns the exit code."""
        print(f"Seed {self.seed}: {self.options.faults} faults of {len(self.tallies)} kinds.", flush=True)
        admin = self._prepare()
        from imrsite.local.soak.work import Work

        work = Work(self.chance)
        self.stack.start_programs()
        try:
            self._rounds(work, admin)
        except KeyboardInterrupt:
            print("Interrupted.", flush=True)
        return self._sum_up(work)

    def _rounds(self, work: "Work", admin: "User") -> None:
        """Inject faults in bursts; after each, wait for recovery and compare. In the end all files are compared."""
        end_at = time.monotonic() + self.options.minutes * 60 if self.options.minutes else float("inf")
        before = work.damage()
        number, kind = 0, ""
        while number < self.options.faults and time.monotonic() < end_at:
            kinds = [self._draw() for _ in range(self._burst(number))]
            for kind in kinds:
                number += 1
                self.tallies[kind].times += 1
                ended_at = self._inject(kind, work, admin)
            seconds = self._recover(work, ended_at)
            tally = self.tallies[kind]
            damage = work.damage()
            tally.add(damage, before)
            before = damage
            if seconds is None:
                tally.stuck += 1
            else:
                tally.seconds.append(seconds)
            said = "stuck" if seconds is None else f"{seconds:.1f} s"
            print(f"{number:5} {_now():%H:%M:%S} {', '.join(kinds)}: {said}", flush=True)
        self.tallies[kind].add(work.damage(files=len(work.accepted)), before)

    def _burst(self, number: int) -> int:
        return self.chance.randint(1, min(self.options.burst, self.options.faults - number))

    def _draw(self) -> str:
        kinds = list(self.tallies)
        return self.chance.choices(kinds, [1 if kind in RARE else 4 for kind in kinds])[0]

    def _prepare(self) -> "User":
        import django

        os.environ["STATEMENT_SECONDS"] = "30"  # of this process: it must not wait for a worker that it has stopped
        django.setup()
        del os.environ["STATEMENT_SECONDS"]
        from django.contrib.auth.models import User
        from django.core.management import call_command

        from imrsite.local.people import make_people

        call_command("migrate", interactive=False, verbosity=0)
        make_people(f"soak {self.chance.random()}")
        return User.objects.get(username="admin")

    def _inject(self, kind: str, work: "Work", admin: "User") -> float:
        """One fault while work goes on; returns when it ended."""
        work.upload(self.options.letters)
        self._also(work, admin)
        end = KINDS[kind](self.stack, self.chance)
        hold_until = time.monotonic() + self.chance.uniform(0.2, max(0.2, self.options.hold))
        while time.monotonic() < hold_until:
            if kind not in {"kill the database"}:
                work.upload(2)
            time.sleep(0.5)
        end()
        ended_at = time.monotonic()
        work.upload(2)
        return ended_at

    def _also(self, work: "Work", admin: "User") -> None:
        from django.db import DatabaseError, connection

        try:
            if self.chance.random() < 0.3:
                work.correct(admin)
            if self.chance.random() < 0.15:
                work.read_again(admin)
        except DatabaseError:
            connection.close()

    def _recover(self, work: "Work", ended_at: float) -> float | None:
        """The seconds until nothing was open after the end of the fault; None if letters are stuck."""
        from django.db import DatabaseError, connection

        said = False
        while time.monotonic() - ended_at < STUCK_AFTER:
            self.stack.watch()
            with contextlib.suppress(DatabaseError):
                if not said and time.monotonic() - ended_at > SLOW_AFTER:
                    print(f"      {_now():%H:%M:%S} still open: {work.what_is_open()}", flush=True)
                    said = True
                if work.is_finished():
                    return time.monotonic() - ended_at
                time.sleep(0.2)
                continue
            connection.close()
            time.sleep(0.2)
        return None

    def _sum_up(self, work: "Work") -> int:
        print(f"\n{_HEAD}")
        for kind, tally in self.tallies.items():
            if tally.times:
                print(tally.line(kind))
        total = _Tally(
            times=sum(tally.times for tally in self.tallies.values()),
            lost=sum(tally.lost for tally in self.tallies.values()),
            doubled=sum(tally.doubled for tally in self.tallies.values()),
            half_written=sum(tally.half_written for tally in self.tallies.values()),
            set_aside=sum(tally.set_aside for tally in self.tallies.values()),
            stuck=sum(tally.stuck for tally in self.tallies.values()),
            seconds=[seconds for tally in self.tallies.values() for seconds in tally.seconds],
        )
        print(total.line("all"))
        print(
            f"\n{len(work.accepted):,} letters, {len(work.corrected):,} corrections, {work.runs} runs that read "
            f"again; seed {self.seed}."
        )
        return 1 if total.failures else 0
