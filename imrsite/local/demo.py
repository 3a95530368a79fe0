"""`manage.py demo`: everything on one machine, from an empty checkout to a page with letters.

The order gives a quick first page: servers start first and load while this process imports Django; the worker, the
scheduler and the letters follow once the page can be opened.
"""

import argparse
import contextlib
import hashlib
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from imrsite.local.bootstrap import ROOT, keep_bytecode
from imrsite.local.embedded import Services
from imrsite.local.processes import kill_group, last_line, last_words, spawn, stop_process
from imrsite.local.progress import Line
from imrsite.local.wheels import ServiceError

FIRST_PORT = 8000
ANSWERS_WITHIN = 60.0  # seconds
RESTARTS = 5  # of one program within a minute, before giving up


def add_options(parser: argparse.ArgumentParser) -> None:
    """The command's own options."""
    parser.add_argument("--port", type=int, help=f"port to listen on (default: the first free one from {FIRST_PORT})")
    parser.add_argument(
        "--host", default="127.0.0.1", help="address to listen on; 0.0.0.0 accepts other machines (default: 127.0.0.1)"
    )
    parser.add_argument("--state-dir", type=Path, help="folder for database, files and logs (default: .state)")
    parser.add_argument(
        "--letters", type=int, default=300, metavar="N", help="number of synthetic letters (default: 300)"
    )
    parser.add_argument("--password", help="password of the three accounts (default: one is generated and printed)")


def look_ahead(arguments: Sequence[str]) -> None:
    """Exit with one sentence if a demo could not start, before its packages are downloaded."""
    options = _options(arguments)
    try:
        Services(_state_dir(options)).check_free()
        if options.port is not None:
            _free_port(options.host, options.port)
    except ServiceError as error:
        sys.exit(f"imrsite: {error}")


def run_demo(arguments: Sequence[str]) -> int:
    """Start everything, run until Ctrl-C, stop everything. Returns the exit code."""
    demo = Demo(_options(arguments))
    keep_bytecode(demo.state_dir / "bytecode")
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, demo.interrupt)
    try:
        demo.start()
        demo.stay()
    except KeyboardInterrupt:
        return 0
    except ServiceError as error:
        print(f"imrsite: {error}", file=sys.stderr)
        return 1
    finally:
        demo.stop()
    return 0


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="manage.py demo", description="Start imrsite with synthetic letters.")
    add_options(parser)
    return parser.parse_args(arguments)


def _state_dir(options: argparse.Namespace) -> Path:
    folder: Path = options.state_dir or Path(os.environ.get("IMRSITE_STATE_DIR") or ROOT / ".state")
    return folder.expanduser().resolve()


@dataclass
class Program:
    """One of imrsite's own processes."""

    name: str
    command: list[str]
    log: Path
    process: subprocess.Popen[bytes] | None = None
    ended: list[float] = field(default_factory=list)


class Demo:
    """The supervisor of one demo."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.state_dir = _state_dir(options)
        self.services = Services(self.state_dir)
        self.programs: list[Program] = []
        self.port = 0
        self._line = Line()
        self._interrupted = False

    def interrupt(self, number: int, frame: object) -> None:
        """Handle Ctrl-C. :meth:`_watch` checks it too, because Python swallows exceptions raised in cleanup code."""
        self._interrupted = True
        raise KeyboardInterrupt

    def start(self) -> None:
        """Start everything up to the moment when the page can be opened, then worker and scheduler."""
        self.services.hold()
        self.port = _free_port(self.options.host, self.options.port)
        self._set_environment()
        self.services.note(f"process {os.getpid()}, {self.address}")
        collecting = _collect_static_files(self.state_dir)
        if collecting is None:
            self._run_web_server()
        self.services.start(postgres="DATABASE_URL" not in os.environ, valkey="REDIS_URL" not in os.environ)
        if collecting is not None:
            collecting()
            self._run_web_server()
        password = self._prepare_database()
        with ThreadPoolExecutor(1) as aside:
            preparing = aside.submit(_prepare_letters, again="valkey" in self.services.processes)
            self._greet(password)
        preparing.result()
        for name, *words in (
            ("worker", "--concurrency", "2", "--exclude-queues", "scans"),
            ("scan worker", "--concurrency", "1", "--queues", "scans", "--hostname", "scans@%h"),
        ):
            self._run(name, "celery", "--app", "imrsite", "worker", *words, "--without-gossip",
                      "--without-mingle", "--loglevel", "WARNING")  # fmt: skip
        self._run("scheduler", "celery", "--app", "imrsite", "beat", "--loglevel", "WARNING",
                  "--schedule", str(self.state_dir / "schedule"), "--pidfile", "")  # fmt: skip

    def _greet(self, password: str) -> None:
        """Print the address as soon as the page answers."""
        self._wait_for_the_page()
        self._line.say(
            f"imrsite is ready: {self.address}\n"
            f"  Sign in as casemanager, supervisor or admin; the password is  {password}\n"
            f"  Ctrl-C stops it; everything is kept in {self.state_dir}"
        )

    def stay(self) -> None:
        """Upload the letters, then supervise the programs until interrupted."""
        from imrsite.local.demo_letters import bring_letters

        for progress in bring_letters(self.options.letters):
            self._line.update(progress)
            self._watch()
        self._line.finish()
        while True:
            self._watch()
            time.sleep(0.3)

    def stop(self) -> None:
        """Stop everything: first what users and tasks use, then what stores their data."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        if self.programs:
            self._line.say("Stopping ...")
        running = [program.process for program in self.programs if program.process]
        for process in running:
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
        for process in running:
            stop_process(process, signal.SIGTERM, within=5)
        self.services.stop()

    @property
    def address(self) -> str:
        # Compared, not bound.
        host = socket.gethostname() if self.options.host in {"0.0.0.0", "::"} else self.options.host  # noqa: S104
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}/"

    def _set_environment(self) -> None:
        """Set the environment that the settings of this process and its children read."""
        os.environ["IMRSITE_STATE_DIR"] = str(self.state_dir)
        os.environ["DJANGO_SETTINGS_MODULE"] = "imrsite.settings"
        from imrsite.env import kept_secret, new_file_key  # need Django, which an empty checkout does not have yet

        os.environ.setdefault("SECRET_KEY", kept_secret(self.state_dir / "secret_key"))
        if not os.environ.keys() & {"FILE_KEYS", "FILE_KEYS_FILE"}:
            os.environ["FILE_KEYS"] = kept_secret(self.state_dir / "file_key", new_file_key())
        if self.options.host not in {"127.0.0.1", "localhost", "::1"}:
            os.environ.setdefault("ALLOWED_HOSTS", "*")

    def _run_web_server(self) -> None:
        host = f"[{self.options.host}]" if ":" in self.options.host else self.options.host
        self._run("web server", "gunicorn", "imrsite.wsgi:application", "--bind", f"{host}:{self.port}",
                  "--config", "python:imrsite.serving.reporting",
                  "--worker-class", "imrsite.serving.worker.BufferedWorker", "--threads", "8", "--workers", "1",
                  "--graceful-timeout", "3", "--no-control-socket", "--log-level", "warning")  # fmt: skip

    def _prepare_database(self) -> str:
        """Check the servers, migrate, create the accounts. Returns their password.

        On the embedded servers this is skipped if nothing has changed since the last start: it takes longer than
        everything else.
        """
        kept, mark = self.state_dir / "password", self.state_dir / "prepared.sha256"
        before = kept.read_text() if kept.is_file() else ""
        password = self.options.password or before or secrets.token_urlsafe(9)
        embedded = self.services.processes.keys() >= {"postgres", "valkey"}
        now = f"{_fingerprint(ROOT / 'determinations')} {self.services.made_at()}" if embedded else ""
        if embedded and password == before and _reads(mark, now):
            return password
        mark.unlink(missing_ok=True)
        _migrate_and_make_people(password, renew=password != before)
        if password != before:
            from imrsite.env import kept_secret

            kept.unlink(missing_ok=True)
            kept_secret(kept, password)
        if embedded:
            mark.write_text(now)
        return password

    def _wait_for_the_page(self) -> None:
        # Compared, not bound.
        host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(self.options.host, self.options.host)  # noqa: S104
        request = urllib.request.Request(f"http://{host}:{self.port}/health/", headers={"Host": "localhost"})
        give_up_at = time.monotonic() + ANSWERS_WITHIN
        while True:
            # Our own address.
            with contextlib.suppress(OSError), urllib.request.urlopen(request, timeout=10):  # noqa: S310
                return
            self._watch()
            if time.monotonic() > give_up_at:
                raise ServiceError(f"The web server does not answer; its log is {self.programs[0].log}.")
            time.sleep(0.02)

    def _run(self, name: str, module: str, *arguments: str) -> None:
        log = self.state_dir / "logs" / f"{name.replace(' ', '-')}.log"
        program = Program(name, [sys.executable, "-m", module, *arguments], log)
        self.programs.append(program)
        self._spawn(program)

    def _spawn(self, program: Program) -> None:
        program.process = spawn(program.command, log=program.log, dies_by="TERM", cwd=ROOT)

    def _watch(self) -> None:
        """Restart a program that stopped; without database or broker, give up."""
        if self._interrupted:
            raise KeyboardInterrupt
        if name := self.services.ended():
            raise ServiceError(f"The embedded {name} has stopped; its log is {self.state_dir}/logs/{name}.log.")
        for program in self.programs:
            if program.process is None or program.process.poll() is None:
                continue
            now = time.monotonic()
            program.ended = [*(at for at in program.ended if now - at < 60), now]
            if len(program.ended) > RESTARTS:
                raise ServiceError(
                    f"The {program.name} keeps stopping: {last_words(program.log)} (log: {program.log})"
                )
            self._line.say(f"The {program.name} stopped unexpectedly and was restarted; its log is {program.log}")
            kill_group(program.process)
            time.sleep(0.2 * len(program.ended))
            self._spawn(program)


def _migrate_and_make_people(password: str, *, renew: bool) -> None:
    import django

    django.setup()
    from django.contrib.auth.models import User
    from django.core.management import call_command

    from imrsite.backing import check_broker, check_database
    from imrsite.local.people import ROLES, make_people

    check_database()
    check_broker()
    call_command("migrate", interactive=False, verbosity=0)
    if renew or User.objects.filter(username__in=ROLES).count() < len(ROLES):
        make_people(password)


def _prepare_letters(*, again: bool) -> None:
    """Prepare the letters before the worker starts, while the web server is loading."""
    import django

    django.setup()
    from determinations.reading.workers import expect_worker
    from imrsite.local.demo_letters import send_again

    expect_worker()
    if again:
        send_again()


def _free_port(host: str, requested: int | None) -> int:
    """The requested port, or the first free one; :class:`ServiceError` if the requested one is taken."""
    for port in [requested] if requested is not None else range(FIRST_PORT, FIRST_PORT + 50):
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError as error:
                if requested is not None:
                    raise ServiceError(
                        f"Port {port} on {host} cannot be used ({error.strerror}): choose another with --port, "
                        "or leave --port out."
                    ) from None
                continue
            chosen = int(probe.getsockname()[1])
        if requested is None and chosen != FIRST_PORT:
            print(f"Port {FIRST_PORT} is taken; using {chosen}.", file=sys.stderr)
        return chosen
    raise ServiceError(f"No port from {FIRST_PORT} to {FIRST_PORT + 49} is free on {host}: choose one with --port.")


def _collect_static_files(state_dir: Path) -> Callable[[], None] | None:
    """Start collecting static files and return a function that waits; None if they have not changed."""
    mark, now = state_dir / "static.sha256", _fingerprint(ROOT / "static")
    if _reads(mark, now):
        return None
    command = [sys.executable, str(ROOT / "manage.py"), "collectstatic", "--no-input", "--clear", "--verbosity", "0"]
    collecting = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def wait() -> None:
        said = collecting.communicate()[0]
        if collecting.returncode:
            raise ServiceError(f"The static files could not be collected: {last_line(said)}")
        mark.write_text(now)

    return wait


def _fingerprint(folder: Path) -> str:
    """A hash that changes when a file of the folder or a pinned package changes."""
    fingerprint = hashlib.sha256((ROOT / "imrsite" / "requirements.txt").read_bytes())
    for path in sorted(path for path in folder.rglob("*") if path.is_file() and path.suffix != ".pyc"):
        fingerprint.update(f"{path.relative_to(folder)} {path.stat().st_size} {path.stat().st_mtime_ns}\n".encode())
    return fingerprint.hexdigest()


def _reads(file: Path, text: str) -> bool:
    return file.is_file() and file.read_text() == text
