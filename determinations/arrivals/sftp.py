"""A folder of an SFTP server, whose host key is known and has to stay the same."""

import base64
import io
import posixpath
import socket
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import pairwise
from typing import BinaryIO

import paramiko

from determinations.arrivals.connections import Item, ItemChanged, ItemFault, Place, SourceFault, copy_exactly
from determinations.arrivals.names import is_unfinished, shortened, with_number
from determinations.arrivals.roots import why
from determinations.arrivals.servers import TIMEOUT, check_host, faults_of_network

_WHAT = "SFTP server"
#: Signatures that a server may prove an RSA key with; SHA-1 is not among them.
_RSA = ("rsa-sha2-512", "rsa-sha2-256")


class Drop:
    """A folder of a server that is connected."""

    def __init__(self, place: Place) -> None:
        options = place.options
        self.leaves_files = options.get("after") == "leave"
        self._folder = options["folder"]
        check_host(options["host"])
        key = host_key_of(options["host_key"])
        with faults_of_network(_WHAT):
            connected = socket.create_connection((options["host"], int(options["port"])), timeout=TIMEOUT)
        self._transport = paramiko.Transport(connected)
        try:
            with self._faults():
                self._begin(key, options["user"], place.secret)
        except BaseException:
            self._transport.close()
            raise

    def _begin(self, key: paramiko.PKey, user: str, secret: str) -> None:
        name = key.get_name()
        self._transport.get_security_options().key_types = _RSA if name == "ssh-rsa" else (name,)
        self._transport.banner_timeout = self._transport.auth_timeout = TIMEOUT
        try:
            self._transport.start_client(timeout=TIMEOUT)
        except paramiko.ssh_exception.IncompatiblePeer:
            raise SourceFault(_OTHER_KEY) from None
        if self._transport.get_remote_server_key() != key:
            raise SourceFault(_OTHER_KEY)
        if secret.lstrip().startswith("-----BEGIN"):
            self._transport.auth_publickey(user, private_key_of(secret))
        else:
            self._transport.auth_password(user, secret)
        client = paramiko.SFTPClient.from_transport(self._transport)
        if client is None:
            raise SourceFault(f"The {_WHAT} offers no files.")
        self._client = client
        channel = client.get_channel()
        if channel is not None:
            channel.settimeout(TIMEOUT)

    def close(self) -> None:
        """End the connection."""
        self._transport.close()

    def items(self) -> Iterator[Item]:
        """The plain files of the folder, without those whose names say that they are not finished."""
        with self._faults():
            entries = self._client.listdir_attr(self._folder)
        for entry in entries:
            name = entry.filename
            if "/" in name or is_unfinished(name) or not stat.S_ISREG(entry.st_mode or 0):
                continue
            path = posixpath.join(self._folder, name)
            yield Item(path, _version(entry), name, entry.st_size or 0, settles=True)

    def fetch(self, item: Item, target: BinaryIO) -> None:
        """The bytes, if the file is still the version that was listed, before and after."""
        try:
            self._check(item)
            with self._client.open(item.place, "rb") as source:
                source.prefetch(item.size)
                copy_exactly(source, target, item.size)
            self._check(item)
        except FileNotFoundError:
            raise ItemChanged from None
        except PermissionError:
            raise ItemFault(f"{item.name}: the {_WHAT} does not let the user read it.") from None
        except (OSError, paramiko.SSHException, EOFError) as fault:
            raise SourceFault(f"The {_WHAT} ended the transfer ({type(fault).__name__}).") from None

    def put_aside(self, item: Item, refusal: str) -> None:
        """Move it into ``taken``, or into ``refused`` with the reason in a text file beside it."""
        aside = posixpath.join(self._folder, "refused" if refusal else "taken")
        try:
            try:
                self._check(item)
            except (ItemChanged, FileNotFoundError):
                return
            if not self._exists(aside):
                self._client.mkdir(aside)
            free = next(name for name in with_number(item.name) if not self._exists(posixpath.join(aside, name)))
            if refusal:
                reason = posixpath.join(aside, f"{shortened(free)}.reason.txt")
                self._client.putfo(io.BytesIO(f"{refusal}\n".encode()), reason)
            self._client.rename(item.place, posixpath.join(aside, free))
        except (paramiko.SSHException, EOFError) as fault:
            raise SourceFault(f"The {_WHAT} ended the connection ({type(fault).__name__}).") from None
        except OSError as fault:
            raise ItemFault(
                f"{item.name} was taken but the {_WHAT} does not move it: {why(fault)}. Allow the user to write to "
                "the folder, or choose that files stay in place."
            ) from None

    def _check(self, item: Item) -> None:
        status = self._client.lstat(item.place)
        if not stat.S_ISREG(status.st_mode or 0) or _version(status) != item.version:
            raise ItemChanged

    def _exists(self, path: str) -> bool:
        with suppress(FileNotFoundError):
            self._client.lstat(path)
            return True
        return False

    @contextmanager
    def _faults(self) -> Iterator[None]:
        """Tell faults of the server as a ``SourceFault``."""
        try:
            with faults_of_network(_WHAT):
                yield
        except paramiko.AuthenticationException:
            raise SourceFault(f"The {_WHAT} refused the user name, the password or the key.") from None
        except UnicodeDecodeError:
            raise SourceFault("A file name in the folder is not UTF-8. Rename the file.") from None
        except (paramiko.SSHException, EOFError) as fault:
            raise SourceFault(f"The {_WHAT} ended the connection ({type(fault).__name__}).") from None


_OTHER_KEY = (
    f"The {_WHAT} has another host key than the one entered here, so nothing was sent to it. If its operator changed "
    "the key, enter the new one."
)


def open_sftp_drop(place: Place) -> Drop:
    """Connect to an SFTP server. Raises ``SourceFault``."""
    return Drop(place)


def host_key_of(line: str) -> paramiko.PKey:
    """The key in a line as ``ssh-keyscan`` prints it, with or without the host. Raises ``SourceFault``."""
    words = line.split()
    for name, text in pairwise(words):
        if name.startswith(("ssh-", "ecdsa-")):
            try:
                return paramiko.PKey.from_type_string(name, base64.b64decode(text, validate=True))
            except (paramiko.SSHException, paramiko.UnknownKeyType, ValueError, IndexError):
                break
    raise SourceFault("Enter the host key as ssh-keyscan prints it: ssh-ed25519 AAAA...")


def private_key_of(text: str) -> paramiko.PKey:
    """The private key in the text. Raises ``SourceFault``; the message says nothing of the key."""
    for kind in (paramiko.Ed25519Key, paramiko.ECDSAKey, paramiko.RSAKey):
        try:
            return kind.from_private_key(io.StringIO(text))
        except (paramiko.SSHException, ValueError, IndexError):
            continue
    raise SourceFault(
        "The private key cannot be read: enter an OpenSSH key without a passphrase (Ed25519, ECDSA, RSA)."
    )


def _version(status: paramiko.SFTPAttributes) -> str:
    return f"{status.st_size}:{status.st_mtime}"
