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
from datetime import datetime
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from imrsite.local.network import NoNamespace, WorkerNetwork
from imrsite.local.soak.faults import BY_NETWORK, KINDS, RARE
from imrsite.local.soak.stack import Stack
from imrsite.local.soak.tally import HEAD, Tally
from imrsite.local.wheels import ServiceError

if TYPE_CHECKING:
    from django.contrib.auth.models import User

    from imrsite.local.soak.work import Work

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


class _Soak:
    """One run."""

    def __init__(self, stack: Stack, options: argparse.Namespace) -> None:
        self.stack = stack
        self.options = options
        self.seed = options.seed if options.seed is not None else random.SystemRandom().randrange(1_000_000)
        self.chance = random.Random(self.seed)  # noqa: S311 - repeatable faults, no secrets
        self.tallies = {kind: Tally() for kind in _kinds(options)}
        self.found_at_end = Tally()
        self.loads: list[float] = []

    def run(self) -> int:
        """Inject all faults; returns the exit code."""
        print(f"Seed {self.seed}: {self.options.faults} faults of {len(self.tallies)} kinds.", flush=True)
        admin = self._prepare()
        from imrsite.local.soak.work import Work

        work = Work(self.chance)
        self.before = work.damage()
        self.stack.start_programs()
        try:
            self._rounds(work, admin)
        except KeyboardInterrupt:
            print("Interrupted.", flush=True)
            self._recover(work, time.monotonic())
        self._compare_all(work)
        return self._sum_up(work)

    def _rounds(self, work: "Work", admin: "User") -> None:
        """Inject faults in bursts; after each, wait for recovery and compare."""
        end_at = time.monotonic() + self.options.minutes * 60 if self.options.minutes else float("inf")
        number = 0
        while number < self.options.faults and time.monotonic() < end_at:
            kinds = [self._draw() for _ in range(self._burst(number))]
            for kind in kinds:
                number += 1
                self.tallies[kind].times += 1
                ended_at = self._inject(kind, work, admin)
            seconds = self._recover(work, ended_at)
            tally = self.tallies[kind]
            damage = work.damage()
            tally.add(damage, self.before)
            self.before = damage
            self.loads.append(os.getloadavg()[0])
            if seconds is None:
                tally.stuck += 1
            else:
                tally.seconds.append(seconds)
            said = "stuck" if seconds is None else f"{seconds:.1f} s"
            print(f"{number:5} {_now():%H:%M:%S} {', '.join(kinds)}: {said}", flush=True)

    def _compare_all(self, work: "Work") -> None:
        """Compare all files; what is found now counts for the run, and for no kind of fault."""
        self.found_at_end.add(work.damage(files=len(work.accepted)), self.before)
        print(
            f"\nCompared at the end: {len(work.accepted):,} accepted files with their rows and stored bytes.",
            flush=True,
        )

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
        try:
            hold_until = time.monotonic() + self.chance.uniform(0.2, max(0.2, self.options.hold))
            while time.monotonic() < hold_until:
                if kind not in {"kill the database"}:
                    work.upload(2)
                time.sleep(0.5)
        finally:
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
        print(f"\n{HEAD}")
        for kind, tally in self.tallies.items():
            if tally.times:
                print(tally.line(kind))
        total = Tally.sum([*self.tallies.values(), self.found_at_end])
        print(total.line("all"))
        print(f"\nRecovery, from the end of a burst's last fault: {total.recovery()}")
        if self.loads:
            print(f"Load of the machine: median {median(self.loads):.1f}, highest {max(self.loads):.1f}.")
        print(
            f"{len(work.accepted):,} letters, {len(work.corrected):,} corrections, {work.runs} runs that read "
            f"again; seed {self.seed}."
        )
        return 1 if total.failures else 0
