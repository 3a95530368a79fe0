"""A command-line client of the API. One file that needs nothing but Python, so it can be copied to any machine.

    export IMRSITE_URL=https://imrsite.example.org IMRSITE_TOKEN=imr_...
    imrsite upload FOLDER --follow
    imrsite query items decision=overturned decided_from=2026-01-01 > items.jsonl
    imrsite export cases outcome=overturned --output cases.csv
    imrsite changes --cursor mirror.cursor

Installed, it is the command ``imrsite``; otherwise ``python3 client.py``.

Exit codes: 0 done; 1 done, but some letters were refused or could not be read; 2 wrong usage; 3 the server refused;
4 the server could not be reached, or failed.
"""

import argparse
import hashlib
import http.client
import json
import os
import shutil
import ssl
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from http import HTTPStatus
from pathlib import Path
from typing import IO, TypedDict, TypeVar, cast

T = TypeVar("T")

DONE, SOME_FAILED, USAGE, REFUSED, UNREACHABLE = range(5)
#: Files and bytes of one request.
FILES_AT_ONCE, BYTES_AT_ONCE = 50, 64 * 1024 * 1024
#: Tries of a request that fails for no fault of its own, and the longest wait between two.
TRIES, LONGEST_WAIT = 6, 60.0
_TIMEOUT = 120
_BLOCK = 1024 * 1024
_LISTS = ("cases", "items", "citations", "duties", "letters", "search", "audit")
_FAILED_STATES = {
    "not_determination", "other_programme", "no_text", "password_needed", "damaged", "too_large", "too_many_pages",
    "too_slow", "set_aside",
}  # fmt: skip
#: Errors of connections, unlike those of local files.
_OF_CONNECTIONS = (urllib.error.URLError, ConnectionError, TimeoutError, ssl.SSLError, http.client.HTTPException)
#: In the place of a digest: the batch was followed to its end.
_FOLLOWED = "followed"
_LOCAL = ("localhost", "127.0.0.1", "::1")


class Receipt(TypedDict):
    """The answer to a write."""

    id: int
    address: str


class Progress(TypedDict):
    """How far a batch is."""

    files: int
    waiting: int
    refused: int
    is_done: bool
    by_state: dict[str, int]


class Rows(TypedDict):
    """A page of a list."""

    results: list[object]
    next: str | None


class Exported(TypedDict):
    """How far an export is."""

    state: str
    rows: int | None
    message: str
    file: str | None


class Changed(TypedDict):
    """A page of the change feed."""

    changes: list[object]
    cursor: str
    more: bool


class Failed(Exception):
    """The command ends with this exit code and message."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


class Server:
    """A server and the token for it."""

    def __init__(self, url: str, token: str, *, wait: Callable[[float], None] = time.sleep) -> None:
        host = urllib.parse.urlsplit(url)
        if host.scheme != "https" and host.hostname not in _LOCAL:
            raise Failed(USAGE, "IMRSITE_URL must begin with https://, or the token could be read on its way.")
        self.url, self.token, self.wait = url.rstrip("/"), token, wait

    def read(self, path: str) -> object:
        """The answer at an address of the API."""
        return self.ask("GET", path, json.load)

    def write(self, path: str, body: Mapping[str, object], key: str) -> Receipt:
        """Send a body once, however often the connection fails."""
        data = json.dumps(body).encode()
        headers = {"Content-Type": "application/json", "Idempotency-Key": key}
        return cast(Receipt, self.ask("POST", path, json.load, lambda: data, headers))

    def download(self, path: str, target: Path) -> None:
        """Write the answer to a file, whole or not at all."""
        unfinished = target.with_name(f"{target.name}.part")

        def copy(answer: IO[bytes]) -> None:
            with unfinished.open("wb") as file:
                shutil.copyfileobj(answer, file, _BLOCK)

        try:
            self.ask("GET", path, copy)
            unfinished.replace(target)
        finally:
            unfinished.unlink(missing_ok=True)

    def ask(
        self,
        method: str,
        path: str,
        use: Callable[[IO[bytes]], T],
        data: Callable[[], bytes | IO[bytes]] | None = None,
        headers: dict[str, str] | None = None,
    ) -> T:
        """What ``use`` makes of the answer. A request is sent again while the server is busy or away, also if the
        answer ends too early. Raises :class:`Failed`.
        """
        address = urllib.parse.urljoin(f"{self.url}/", path)
        if urllib.parse.urlsplit(address)[:2] != urllib.parse.urlsplit(self.url)[:2]:
            raise Failed(USAGE, f"{path} is not an address of this server.")
        delay, why = 1.0, ""
        for number in range(TRIES):
            if number:
                self.wait(min(delay, LONGEST_WAIT))
                delay *= 2
            request = urllib.request.Request(address, data() if data else None, method=method)  # noqa: S310 - https
            for name, value in {"Authorization": f"Bearer {self.token}", **(headers or {})}.items():
                request.add_header(name, value)
            try:
                return _whole(_opener.open(request, timeout=_TIMEOUT), use)
            except urllib.error.HTTPError as fault:
                why = _told(fault)
                if fault.code != HTTPStatus.TOO_MANY_REQUESTS and fault.code < HTTPStatus.INTERNAL_SERVER_ERROR:
                    raise Failed(REFUSED, why) from None
                delay = max(delay, _seconds(fault.headers.get("Retry-After")))
            except json.JSONDecodeError:
                why = f"{self.url} answered with something else than JSON. Is it the address of imrsite?"
            except _OF_CONNECTIONS as fault:
                why = f"{self.url} could not be reached: {getattr(fault, 'reason', fault) or type(fault).__name__}"
        raise Failed(UNREACHABLE, f"{why} (tried {TRIES} times)")


def _whole(answer: http.client.HTTPResponse, use: Callable[[IO[bytes]], T]) -> T:
    """What ``use`` makes of an answer. Raises IncompleteRead if it ended too early; reading in blocks does not."""
    with answer:
        made = use(cast(IO[bytes], answer))
        if answer.length:
            raise http.client.IncompleteRead(b"", answer.length)
        return made


def _seconds(retry_after: str | None) -> float:
    """The wait that a server asks for; proxies may give a time of day instead, which is not read."""
    return float(retry_after) if retry_after and retry_after.isascii() and retry_after.isdigit() else 0.0


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """The token goes to no other address."""

    def redirect_request(self, *details: object) -> None:
        return None


_opener = urllib.request.build_opener(_NoRedirects)


def _told(fault: urllib.error.HTTPError) -> str:
    """What the server says about an error."""
    try:
        problem = json.loads(fault.read(_BLOCK))
        errors = [f"{error['where']}: {error['what']}" for error in problem.get("errors", [])]
        return "; ".join([f"{fault.code}: {problem['detail']}", *errors])
    except (ValueError, KeyError, TypeError, OSError):
        return f"{fault.code} {fault.reason}"


def upload(server: Server, options: argparse.Namespace) -> int:
    """Upload files and folders as one batch; files of an earlier, interrupted run are left out."""
    state, batch = _Uploaded(Path(options.state), server.url), options.batch
    known = state.digests()
    files = [path for path in _files(options.paths) if _digest(path) not in known]
    _say(f"{_counted(len(files))} to upload.")
    for part in _parts(files):
        digests = [_digest(path) for path in part]
        values = {"office": options.office, "upload": batch}
        answer = _send(server, part, {name: value for name, value in values.items() if value is not None}, digests)
        batch = answer["id"]
        state.add(digests, batch)
        _say(f"Batch {batch}: {_counted(len(part))} received.")
    batch = batch if files or batch else state.unfollowed()
    if batch is None:
        return DONE
    print(json.dumps({"batch": batch}))
    if not options.follow:
        return DONE
    code = follow_batch(server, batch)
    state.add([_FOLLOWED], batch)
    return code


class _Uploaded:
    """What was uploaded to this server already: a file with a line per file, with its batch."""

    def __init__(self, path: Path, url: str) -> None:
        self.path, self.url = path, url

    def digests(self) -> set[str]:
        """The digests of the files."""
        return {digest for digest, _batch in self._lines()}

    def unfollowed(self) -> int | None:
        """The last batch, unless it was followed to its end: a run was interrupted meanwhile."""
        *_earlier, (digest, batch) = [("", ""), *self._lines()]
        return int(batch) if batch.isdigit() and digest != _FOLLOWED else None

    def add(self, digests: Iterable[str], batch: int) -> None:
        """Note files that the server has received."""
        with self.path.open("a") as log:
            log.write("".join(f"{digest} {batch} {self.url}\n" for digest in digests))

    def _lines(self) -> list[tuple[str, str]]:
        lines = self.path.read_text().splitlines() if self.path.exists() else []
        words = [line.split() for line in lines]
        return [(line[0], line[1]) for line in words if line[2:] == [self.url]]


def _files(paths: Iterable[str]) -> Iterator[Path]:
    for name in paths:
        path = Path(name)
        if path.is_dir():
            yield from sorted(file for file in path.rglob("*") if file.is_file() and not file.name.startswith("."))
        elif path.is_file():
            yield path
        else:
            raise Failed(USAGE, f"There is no file or folder {name}.")


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _parts(files: Sequence[Path]) -> Iterator[list[Path]]:
    """The files in groups that fit one request."""
    part: list[Path] = []
    size = 0
    for path in files:
        length = path.stat().st_size
        if part and (len(part) == FILES_AT_ONCE or size + length > BYTES_AT_ONCE):
            yield part
            part, size = [], 0
        part.append(path)
        size += length
    if part:
        yield part


def _send(server: Server, files: Sequence[Path], values: dict[str, int], digests: Sequence[str]) -> Receipt:
    """Send files in one request. Its key is made from what they hold, so that an interrupted run sends the same."""
    names = [str(path) for path in files]
    key = hashlib.sha256(json.dumps([names, list(digests), values]).encode()).hexdigest()
    boundary = key[:32]
    with tempfile.TemporaryFile() as body:
        for name, value in values.items():
            body.write(f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode())
        for path in files:
            body.write(f"--{boundary}\r\n{_disposition(path.name)}\r\n\r\n".encode())
            with path.open("rb") as file:
                while block := file.read(_BLOCK):
                    body.write(block)
            body.write(b"\r\n")
        body.write(f"--{boundary}--\r\n".encode())
        headers = {
            "Content-Type": f"multipart/form-data; boundary={boundary}",
            "Content-Length": f"{body.tell()}",
            "Idempotency-Key": key,
        }

        def again() -> IO[bytes]:
            body.seek(0)
            return body

        return cast(Receipt, server.ask("POST", "/api/v1/letters", json.load, again, headers))


def _disposition(name: str) -> str:
    plain = name.replace("\\", "_").replace('"', "%22").replace("\r", "_").replace("\n", "_")
    return (
        f'Content-Disposition: form-data; name="files"; filename="{plain}"\r\nContent-Type: application/octet-stream'
    )


def follow(server: Server, options: argparse.Namespace) -> int:
    """Wait until all letters of a batch are read."""
    return follow_batch(server, options.batch)


def follow_batch(server: Server, batch: int) -> int:
    """Report progress until the batch is done; tells by its exit code whether every letter was read."""
    told = ""
    while True:
        progress = cast(Progress, server.read(f"/api/v1/uploads/{batch}"))
        state = f"{progress['files'] - progress['waiting']} of {_counted(progress['files'])} done"
        if state != told:
            told = state
            _say(f"Batch {batch}: {state}.")
        if progress["is_done"]:
            break
        server.wait(2)
    print(json.dumps(progress))
    failed = sum(count for state, count in progress["by_state"].items() if state in _FAILED_STATES)
    return SOME_FAILED if failed or progress["refused"] else DONE


def query(server: Server, options: argparse.Namespace) -> int:
    """Print the rows of a list, one JSON object per line; all of them unless ``--most`` says otherwise."""
    filters = _filters(options.filters)
    printed, path = 0, f"/api/v1/{options.list}?{urllib.parse.urlencode([('limit', '100'), *filters])}"
    while path:
        page = cast(Rows, server.read(path))
        for row in page["results"]:
            if options.most is not None and printed >= options.most:
                return DONE
            print(json.dumps(row))
            printed += 1
        path = page["next"] or ""
    return DONE


def export(server: Server, options: argparse.Namespace) -> int:
    """Have a list written to a file, wait for it, and download it."""
    body = {
        "list": options.list, "format": Path(options.output).suffix.lstrip(".") or "csv", "masked": options.masked,
        "query": urllib.parse.urlencode(_filters(options.filters)),
    }  # fmt: skip
    address = server.write("/api/v1/exports", body, hashlib.sha256(os.urandom(32)).hexdigest())["address"]
    while (asked := cast(Exported, server.read(address)))["state"] in ("waiting", "writing"):
        server.wait(2)
    if not asked["file"]:
        raise Failed(REFUSED, f"The export failed: {asked['message']}")
    server.download(asked["file"], Path(options.output))
    _say(f"{_counted(asked['rows'] or 0, 'row')} in {options.output}.")
    return DONE


def changes(server: Server, options: argparse.Namespace) -> int:
    """Print cases that changed since the last run, whose cursor is kept in a file; the first run only begins."""
    kept = Path(options.cursor)
    since = kept.read_text().strip() if kept.exists() else "now"
    while True:
        answer = cast(Changed, server.read(f"/api/v1/changes?{urllib.parse.urlencode({'since': since})}"))
        for change in answer["changes"]:
            print(json.dumps(change))
        sys.stdout.flush()
        since = answer["cursor"]
        unfinished = kept.with_name(f"{kept.name}.part")
        unfinished.write_text(f"{since}\n")
        unfinished.replace(kept)  # after the lines were printed: a run that was killed prints some again
        if not answer["more"]:
            return DONE


def get(server: Server, options: argparse.Namespace) -> int:
    """Print the answer at an address of the API."""
    with tempfile.TemporaryDirectory() as folder:
        server.download(options.path, answer := Path(folder, "answer"))
        with answer.open("rb") as file:
            shutil.copyfileobj(file, sys.stdout.buffer, _BLOCK)
    return DONE


def _filters(typed: Sequence[str]) -> list[tuple[str, str]]:
    pairs = [one.partition("=") for one in typed]
    if wrong := [name for name, sign, _value in pairs if not sign]:
        raise Failed(USAGE, f"A filter is typed like decision=overturned, not {wrong[0]}.")
    return [(name, value) for name, _sign, value in pairs]


def _counted(number: int, what: str = "file") -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _say(words: str) -> None:
    """Tell the user, beside the output."""
    print(words, file=sys.stderr)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="imrsite", description="Reads from imrsite and writes to it.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, run: Callable[[Server, argparse.Namespace], int]) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=(run.__doc__ or "").partition("\n")[0], description=run.__doc__)
        added.set_defaults(run=run)
        return added

    added = command("upload", upload)
    added.add_argument("paths", nargs="+", metavar="PATH", help="files and folders")
    added.add_argument("--follow", action="store_true", help="wait until all letters are read")
    added.add_argument("--office", type=int, help="ID of the office that the letters belong to")
    added.add_argument("--batch", type=int, help="add to this batch of yours")
    added.add_argument("--state", default="imrsite-upload.state", help="file with what was uploaded already")
    command("follow", follow).add_argument("batch", type=int)
    added = command("query", query)
    added.add_argument("list", choices=_LISTS)
    added.add_argument("filters", nargs="*", metavar="NAME=VALUE")
    added.add_argument("--most", type=int, help="rows at most")
    added = command("export", export)
    added.add_argument("list", choices=("cases", "items", "decisions"))
    added.add_argument("filters", nargs="*", metavar="NAME=VALUE")
    added.add_argument("--output", required=True, help="a file that ends in .csv or .xlsx")
    added.add_argument("--masked", action="store_true", help="without medical narrative")
    command("changes", changes).add_argument("--cursor", required=True, help="file that keeps the cursor")
    command("get", get).add_argument("path", help="such as /api/v1/cases/12")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns its exit code."""
    options = _parser().parse_args(arguments)
    url, token = os.environ.get("IMRSITE_URL", ""), os.environ.get("IMRSITE_TOKEN", "")
    if not (url and token):
        _say("Set IMRSITE_URL to the address of the server, and IMRSITE_TOKEN to an access token.")
        return USAGE
    try:
        code: int = options.run(Server(url, token), options)
        return code
    except Failed as failure:
        _say(str(failure))
        return failure.code
    except BrokenPipeError:  # whoever reads the output has enough of it
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    except OSError as fault:
        _say(f"{fault.filename or 'A file'}: {fault.strerror or type(fault).__name__}.")
        return USAGE
    except KeyboardInterrupt:
        _say("Stopped. Run the same command again to continue.")
        return SOME_FAILED


if __name__ == "__main__":
    sys.exit(main())
