"""Reads settings from the environment; an invalid value raises one sentence that says how to fix it."""

import base64
import binascii
import contextlib
import ipaddress
import os
import re
import secrets
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit, urlunsplit

from django.core.exceptions import ImproperlyConfigured

_YES = {"1", "true", "yes", "on"}
_NO = {"0", "false", "no", "off", ""}


def text(name: str, default: str = "") -> str:
    """The variable without surrounding space."""
    return os.environ.get(name, default).strip()


def flag(name: str, default: bool = False) -> bool:
    """True or false, from yes or no."""
    value = text(name, "yes" if default else "no").lower()
    if value in _YES:
        return True
    if value in _NO:
        return False
    raise ImproperlyConfigured(f"{name} is {value!r}: write yes or no.")


def number(name: str, default: int, *, least: int = 0, most: int | None = None) -> int:
    """A whole number within its limits."""
    value = text(name, str(default))
    limits = f"from {least} to {most}" if most is not None else f"of {least} or more"
    if not re.fullmatch(r"\d+", value) or int(value) < least or (most is not None and int(value) > most):
        raise ImproperlyConfigured(f"{name} is {value!r}: write a whole number {limits}.")
    return int(value)


def names(name: str, default: str = "") -> list[str]:
    """A list separated by commas."""
    return [entry.strip() for entry in text(name, default).split(",") if entry.strip()]


def networks(name: str) -> list[ipaddress.IPv4Network | ipaddress.IPv6Network]:
    """A list of addresses and networks, such as ``127.0.0.1, 10.1.0.0/16``."""
    try:
        return [ipaddress.ip_network(entry, strict=False) for entry in names(name)]
    except ValueError as error:
        raise ImproperlyConfigured(f"{name} is not understood ({error}): write 127.0.0.1,10.1.0.0/16.") from None


def choices(name: str, allowed: tuple[str, ...]) -> list[str]:
    """A list separated by commas, of the allowed words alone."""
    chosen = names(name)
    if unknown := [entry for entry in chosen if entry not in allowed]:
        raise ImproperlyConfigured(f"{name} has {unknown[0]!r}: write some of {', '.join(allowed)}.")
    return chosen


def choice(name: str, allowed: tuple[str, ...]) -> str:
    """One of the allowed words; the first if none is given."""
    value = text(name, allowed[0]).lower()
    if value not in allowed:
        raise ImproperlyConfigured(f"{name} is {value!r}: write {' or '.join(allowed)}.")
    return value


def mapping(name: str, allowed: tuple[str, ...]) -> dict[str, str]:
    """Pairs such as ``their group=our word, ...``, with the allowed words alone on the right; without any, all are."""
    pairs = [entry.rpartition("=") for entry in names(name)]
    for theirs, _, ours in pairs:
        if not theirs.strip() or not ours.strip() or (allowed and ours.strip() not in allowed):
            words = f"group={allowed[-1]}, with {', '.join(allowed)}" if allowed else "group=name"
            raise ImproperlyConfigured(f"{name} is not understood: write pairs such as {words}.")
    return {theirs.strip(): ours.strip() for theirs, _, ours in pairs}


def folder(name: str, default: Path) -> Path:
    """A folder as an absolute path; it does not have to exist."""
    return Path(text(name) or default).expanduser().absolute()


def folders(name: str) -> list[str]:
    """A list of absolute paths, separated by commas."""
    paths = names(name)
    if relative := [path for path in paths if not Path(path).is_absolute() or ".." in Path(path).parts]:
        raise ImproperlyConfigured(f"{name} has {relative[0]!r}: write absolute paths, such as /srv/letters.")
    return paths


def database(name: str, default: str) -> dict[str, Any]:
    """A PostgreSQL address as Django's database settings.

    Accepts ``postgresql://user:password@host:5432/name?sslmode=require`` and a socket's folder,
    ``postgresql://user@/name?host=/run/postgresql``; the query string is passed to libpq unchanged.
    """
    value = text(name, default)
    remedy = "write postgresql://user:password@host:5432/database."
    parts = urlsplit(value)
    if parts.scheme not in {"postgresql", "postgres"}:
        raise ImproperlyConfigured(f"{name} does not start with postgresql://: {remedy}")
    try:
        port = parts.port
    except ValueError:
        raise ImproperlyConfigured(f"{name} has a port that is not a number: {remedy}") from None
    options = dict(parse_qsl(parts.query))
    database_name = unquote(parts.path.lstrip("/"))
    if not database_name:
        raise ImproperlyConfigured(f"{name} names no database: {remedy}")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": database_name,
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": options.pop("host", unquote(parts.hostname or "")),
        "PORT": str(options.pop("port", port or "")),
        "OPTIONS": options,
    }


def secret(name: str, *, kept_in: Path) -> str:
    """A secret from the environment, or a generated one kept in a file if no external database is configured."""
    value = text(name)
    if not value and not text("DATABASE_URL"):
        value = kept_secret(kept_in)
    if len(value) < 32:
        what = "is too short" if value else "is not set"
        raise ImproperlyConfigured(
            f"{name} {what}: give 50 random characters, such as "
            "python3 -c 'import secrets; print(secrets.token_urlsafe(50))' prints."
        )
    return value


def kept_secret(file: Path, made: str = "") -> str:
    """The secret kept in the file. If there is none, ``made`` or a random one is written first, atomically."""
    if file.is_file():
        return file.read_text().strip()
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor, unfinished = tempfile.mkstemp(dir=file.parent, prefix=f"{file.name}.")
        with os.fdopen(descriptor, "w") as new:
            new.write(made or secrets.token_urlsafe(50))
        with contextlib.suppress(FileExistsError):
            os.link(unfinished, file)  # the first of two that start at once wins
        os.unlink(unfinished)
    except OSError as error:
        raise ImproperlyConfigured(
            f"{file} cannot be written ({error.strerror}): choose another IMRSITE_STATE_DIR, or set SECRET_KEY."
        ) from error
    return file.read_text().strip()


def file_keys(name: str, *, kept_in: Path) -> list[bytes]:
    """Keys of 32 bytes in Base64, the current one first: from the variable, or one a line from the file that
    ``NAME_FILE`` names. Without an external database, one is generated and kept; otherwise there may be none.

    ``none`` in front stands for no encryption, and is an empty key here: the keys behind it only decrypt.
    """
    value, path = text(name), text(f"{name}_FILE")
    if path:
        try:
            value = Path(path).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise ImproperlyConfigured(
                f"{name}_FILE cannot be read ({type(error).__name__}): check {path}."
            ) from error
    elif not value and not text("DATABASE_URL"):
        value = kept_secret(kept_in, new_file_key())
    entries = [entry for entry in re.split(r"[\s,]+", value.strip()) if entry]
    turned_off = entries[:1] == ["none"]
    keys = [b""] * turned_off + [_file_key(name, entry) for entry in entries[turned_off:]]
    if path and not keys:
        raise ImproperlyConfigured(f"{name}_FILE names an empty file: write a key into {path}.")
    if len(set(keys)) < len(keys):
        raise ImproperlyConfigured(f"{name} has a key twice: keep each key once, the current one first.")
    return keys


def new_file_key() -> str:
    """A random key for stored files."""
    return base64.b64encode(secrets.token_bytes(32)).decode()


def _file_key(name: str, value: str) -> bytes:
    with contextlib.suppress(binascii.Error, ValueError):
        key = base64.b64decode(value.replace("-", "+").replace("_", "/"), validate=True)
        if len(key) == 32:
            return key
    raise ImproperlyConfigured(  # without the value: it is a secret
        f"{name} has a key that is not 32 bytes in Base64: write keys as 'openssl rand -base64 32' prints them, "
        "separated by commas or line ends."
    )


def redis(name: str, default: str) -> str:
    """A Redis or Valkey address: ``redis://``, ``rediss://`` (TLS) or ``unix://``.

    Whoever reaches the server can read and write messages, so it needs a password unless it is on this machine.
    """
    value = text(name, default)
    parts = urlsplit(value)
    if parts.scheme not in {"redis", "rediss", "unix"}:
        raise ImproperlyConfigured(
            f"{name} is not an address: write redis://:password@host:6379/0 or unix:///path/to.sock."
        )
    has_password = parts.password or dict(parse_qsl(parts.query)).get("password")
    if parts.scheme != "unix" and not has_password and not is_this_machine(parts.hostname or "localhost"):
        raise ImproperlyConfigured(
            f"{name} has no password, and {parts.hostname} is reached over the network: "
            f"set requirepass on that server and write {parts.scheme}://:password@{parts.netloc.rpartition('@')[2]}{parts.path}."
        )
    return value


def is_this_machine(host: str) -> bool:
    """Whether the host is this machine by its name or address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def broker(url: str) -> str:
    """A Redis address in Celery's format."""
    if url.startswith("unix://"):
        return "redis+socket://" + url.removeprefix("unix://").replace("?db=", "?virtual_host=")
    if url.startswith("rediss://") and "ssl_cert_reqs=" not in url:
        return url + ("&" if "?" in url else "?") + "ssl_cert_reqs=required"
    return url


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where e-mail is handed over; an empty host for nowhere."""

    host: str
    port: int
    user: str
    password: str
    tls_at_once: bool
    starts_tls: bool


def mail_server(name: str) -> MailServer:
    """A mail server from ``smtp://user:password@host:587?tls=yes``, or ``smtps://`` for TLS from the start."""
    value = text(name)
    remedy = "write smtp://user:password@host:587?tls=yes, or smtps://user:password@host."
    parts = urlsplit(value)
    if value and (parts.scheme not in {"smtp", "smtps"} or not parts.hostname):
        raise ImproperlyConfigured(f"{name} is not the address of a mail server: {remedy}")
    try:
        port = parts.port
    except ValueError:
        raise ImproperlyConfigured(f"{name} has a port that is not a number: {remedy}") from None
    at_once = parts.scheme == "smtps"
    return MailServer(
        host=parts.hostname or "",
        port=port or (465 if at_once else 25),
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        tls_at_once=at_once,
        starts_tls=not at_once and dict(parse_qsl(parts.query)).get("tls", "no") in _YES,
    )


#: JSON of the Elastic Common Schema, syslog with structured data, the Common Event Format.
AUDIT_FORMS = ("json", "rfc5424", "cef")


@dataclass(frozen=True, slots=True)
class AuditStream:
    """Where events of the audit trail are sent on: a file or socket by its path, or a server."""

    kind: str
    path: str = ""
    host: str = ""
    port: int = 0
    form: str = "rfc5424"
    authority: str = ""
    certificate: str = ""

    def __str__(self) -> str:
        return f"The {self.kind} {self.path}" if self.path else f"The syslog server {self.host}:{self.port}"


def audit_stream(name: str) -> AuditStream | None:
    """A file (``file:///var/log/imrsite/audit.jsonl``) or syslog; None for nowhere.

    Syslog is the local socket (``syslog:///dev/log``) or a server by TCP (``syslog://host:601``) or TLS
    (``syslogs://host:6514``). ``?format=json``, ``rfc5424`` or ``cef`` chooses another form; ``ca=`` and
    ``certificate=`` name PEM files: who signed the server's certificate, and ours with its key.
    """
    value = text(name)
    if not value:
        return None
    parts = urlsplit(value)
    remedy = "write file:///path/audit.jsonl, syslog:///dev/log, syslog://host:601 or syslogs://host:6514."
    options = dict(parse_qsl(parts.query))
    form = options.pop("format", "json" if parts.scheme == "file" else "rfc5424")
    authority, certificate = options.pop("ca", ""), options.pop("certificate", "")
    try:
        port = parts.port
    except ValueError:
        raise ImproperlyConfigured(f"{name} has a port that is not a number: {remedy}") from None
    if form not in AUDIT_FORMS:
        raise ImproperlyConfigured(f"{name} has the format {form!r}: write one of {', '.join(AUDIT_FORMS)}.")
    if options:
        raise ImproperlyConfigured(f"{name} has the option {min(options)!r}: write format, ca or certificate.")
    if (authority or certificate) and parts.scheme != "syslogs":
        raise ImproperlyConfigured(f"{name} names a certificate, which only TLS uses: write syslogs://host:6514.")
    path = unquote(parts.path)
    match parts.scheme:
        case "file" if path.strip("/") and not parts.hostname:
            return AuditStream("file", path=path, form=form)
        case "syslog" if path.strip("/") and not parts.hostname:
            return AuditStream("socket", path=path, form=form)
        case "syslog" if parts.hostname:
            return AuditStream("tcp", host=parts.hostname, port=port or 601, form=form)
        case "syslogs" if parts.hostname:
            server = AuditStream("tls", host=parts.hostname, port=port or 6514, form=form)
            return replace(server, authority=authority, certificate=certificate)
    raise ImproperlyConfigured(f"{name} is not understood: {remedy}")


def next_redis_database(url: str) -> str:
    """The next database of the same server, for the cache: clearing it must not remove queued messages."""
    parts = urlsplit(url)
    if parts.scheme == "unix":
        query = dict(parse_qsl(parts.query))
        query["db"] = str(int(query.get("db", 0)) + 1)
        return f"unix://{parts.netloc}{parts.path}?{urlencode(query)}"
    return urlunsplit(parts._replace(path=f"/{int(parts.path.strip('/') or 0) + 1}"))
