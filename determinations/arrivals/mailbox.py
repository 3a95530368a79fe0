"""A folder of a mailbox, by IMAP over TLS: each message is taken whole, with its attachments, then moved.

A message is known by its UID and the validity of UIDs, which the server guarantees to mean the same message for good.
"""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import BinaryIO

from imapclient import IMAPClient
from imapclient.exceptions import IMAPClientAbortError, IMAPClientError, LoginError

from determinations.arrivals.connections import Item, ItemChanged, ItemFault, Place, SourceFault
from determinations.arrivals.servers import TIMEOUT, check_host, faults_of_network

#: Messages whose sizes are asked for at once.
_LISTED_AT_ONCE = 200
_WHAT = "mail server"


class Mailbox:
    """A mailbox that is open at its folder."""

    leaves_files = False

    def __init__(self, place: Place) -> None:
        options = place.options
        check_host(options["host"])
        self._folder, self._aside = options["folder"], {"": options["taken"], "refused": options["refused"]}
        with self._faults():
            self._client = _connected(options["host"], int(options["port"]), options["security"])
            try:
                self._client.login(options["user"], place.secret)
                self._ready()
            except BaseException:
                with suppress(IMAPClientError, OSError):
                    self._client.shutdown()
                raise

    def _ready(self) -> None:
        for folder in sorted(set(self._aside.values())):
            if not self._client.folder_exists(folder):
                self._client.create_folder(folder)
        selected = self._client.select_folder(self._folder)
        self._validity = str(selected[b"UIDVALIDITY"])
        self._can_move = self._client.has_capability("MOVE")

    def close(self) -> None:
        """Sign out."""
        with suppress(IMAPClientError, OSError):
            self._client.logout()

    def items(self) -> Iterator[Item]:
        """The messages of the folder, oldest first, but those that are marked as deleted."""
        with self._faults():
            numbers = sorted(self._client.search(["NOT", "DELETED"]))
        for start in range(0, len(numbers), _LISTED_AT_ONCE):
            with self._faults():
                sizes = self._client.fetch(numbers[start : start + _LISTED_AT_ONCE], ["RFC822.SIZE"])
            for number, answer in sorted(sizes.items()):
                name = f"Message {number} of {self._folder}.eml"
                yield Item(str(number), self._validity, name, int(answer[b"RFC822.SIZE"]), settles=False)

    def fetch(self, item: Item, target: BinaryIO) -> None:
        """The message as it was received; it is not marked as read."""
        with self._faults():
            answer = self._client.fetch([int(item.place)], ["BODY.PEEK[]"])
        body = answer.get(int(item.place), {}).get(b"BODY[]")
        if body is None:
            raise ItemChanged
        target.write(body)

    def put_aside(self, item: Item, refusal: str) -> None:
        """Move the message into the folder of taken or of refused messages."""
        folder = self._aside["refused" if refusal else ""]
        try:
            with faults_of_network(_WHAT):
                if self._can_move:
                    self._client.move([int(item.place)], folder)
                else:
                    self._client.copy([int(item.place)], folder)
                    self._client.delete_messages([int(item.place)])
                    self._client.expunge([int(item.place)])
        except IMAPClientAbortError:
            raise SourceFault(f"The {_WHAT} ended the connection.") from None
        except IMAPClientError:
            raise ItemFault(
                f"{item.name} was taken but the {_WHAT} does not move it to {folder}. Check the folder and its rights."
            ) from None

    @contextmanager
    def _faults(self) -> Iterator[None]:
        """Tell faults of the server as a ``SourceFault``, without its own words, which may quote a message."""
        try:
            with faults_of_network(_WHAT):
                yield
        except LoginError:
            raise SourceFault(f"The {_WHAT} refused the user name or the password.") from None
        except IMAPClientAbortError:
            raise SourceFault(f"The {_WHAT} ended the connection.") from None
        except IMAPClientError:
            raise SourceFault(
                f"The {_WHAT} refused a request. Check that {self._folder} exists, and the rights of the user."
            ) from None


def open_mailbox(place: Place) -> Mailbox:
    """Connect to a mailbox. Raises ``SourceFault``."""
    return Mailbox(place)


def _connected(host: str, port: int, security: str) -> IMAPClient:
    """A connection that is encrypted before anything is sent over it."""
    context = ssl.create_default_context()
    if security == "tls":
        return IMAPClient(host, port=port, ssl_context=context, timeout=TIMEOUT)
    client = IMAPClient(host, port=port, ssl=False, timeout=TIMEOUT)
    try:
        client.starttls(context)
    except BaseException:
        with suppress(IMAPClientError, OSError):
            client.shutdown()
        raise
    return client
