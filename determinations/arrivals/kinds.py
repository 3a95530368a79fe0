"""The kinds of sources."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.module_loading import import_string

from determinations.arrivals.connections import Connection, Opener, Place
from determinations.models import ArrivalSource
from determinations.storage.secrets import open_secret, purpose_of


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of source. ``destination``: the options that say where it is, in the order in which pages show them.

    ``opener`` is imported when a source is opened: its libraries take memory and time that few processes need spend.
    """

    key: str
    label: str
    about: str
    icon: str
    destination: tuple[str, ...]
    opener: str
    has_secret: bool = False


KINDS: Mapping[str, Kind] = {
    kind.key: kind
    for kind in (
        Kind(
            "folder", "Watched folder", "A folder on a disk of the workers or on a network share.", "inbox",
            ("path",), "folder.open_watched_folder",
        ),
        Kind(
            "mailbox", "Mailbox", "A folder of a mailbox, by IMAP: messages with their attachments.", "bell",
            ("user", "host", "port", "security", "folder"), "mailbox.open_mailbox", has_secret=True,
        ),
        Kind(
            "sftp", "SFTP server", "A folder of an SFTP server with a known host key.", "lock",
            ("user", "host", "port", "folder", "host_key"), "sftp.open_sftp_drop", has_secret=True,
        ),
        Kind(
            "s3", "Object store", "A bucket of an S3-compatible object store.", "download",
            ("endpoint", "region", "bucket", "start", "user"), "bucket.open_bucket", has_secret=True,
        ),
    )
}  # fmt: skip


def open_source(source: ArrivalSource) -> Connection:
    """Connect to a source. Raises ``SourceFault``, or what ``open_secret`` raises."""
    secret = open_secret(purpose_of(source), bytes(source.sealed_secret))
    opener: Opener = import_string(f"determinations.arrivals.{KINDS[source.kind].opener}")
    return opener(Place(source.options, secret))


def place_of(source: ArrivalSource) -> str:
    """Where the source is, in one line."""
    options = source.options
    match source.kind:
        case "mailbox":
            return f"{options['folder']} of {options['user']} at {options['host']}"
        case "sftp":
            return f"{options['folder']} of {options['user']} at {options['host']}, port {options['port']}"
        case "s3":
            return f"{options['bucket']}/{options['start']} at {options['endpoint']}"
    return options.get("path", "")
