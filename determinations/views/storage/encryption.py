"""What is encrypted and what is not: stored files, database, cache and broker, backups."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from determinations.storage import survey
from determinations.storage.survey import encryption_state
from determinations.tasks import send_count_of_files
from determinations.views.audit.recorded_forms import recorded_form

_may_see = permission_required("determinations.see_encryption", raise_exception=True)


@dataclass(frozen=True, slots=True)
class Connection:
    """How a server is reached: whether what passes is encrypted or stays on this machine, and in words."""

    is_protected: bool
    words: str


@require_safe
@_may_see
def encryption(request: HttpRequest) -> HttpResponse:
    """The page."""
    context = {
        "state": encryption_state(),
        "database": _database(),
        "broker": _redis(settings.REDIS_URL),
        "cache": _redis(str(settings.CACHES["default"]["LOCATION"])),
        "https": settings.HTTPS,
    }
    return render(request, "storage/encryption.html", context)


@require_POST
@_may_see
@recorded_form
def count_again(request: HttpRequest) -> HttpResponse:
    """Have a worker count the stored files anew."""
    survey.begin()
    transaction.on_commit(send_count_of_files)
    messages.info(request, "The files are being counted in the background. Reload this page in a while.")
    return redirect("encryption")


def _database() -> Connection:
    """How this process is connected to PostgreSQL, as the server sees it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT inet_client_addr() IS NULL, ssl, version, cipher FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
        )
        is_local, has_tls, version, cipher = cursor.fetchone()
    if has_tls:
        return Connection(True, f"{version}, {cipher}")
    if is_local:
        return Connection(True, "through a socket of this machine, not over a network")
    return Connection(False, "over a network, without TLS")


def _redis(url: str) -> Connection:
    """How Redis is reached, from its address."""
    parts = urlsplit(url)
    if parts.scheme == "unix":
        return Connection(True, "through a socket of this machine, not over a network")
    if parts.scheme == "rediss":
        return Connection(True, "TLS")
    if parts.hostname in ("localhost", "127.0.0.1", "::1"):
        return Connection(True, "on this machine, not over a network")
    return Connection(False, "over a network, without TLS")
