"""Requests to addresses that users entered: to public hosts by HTTPS only, checked when the connection is made.

A name is resolved once, and the connection goes to the address that was checked, so that a name cannot mean another
address a moment later. Redirects are not followed, and proxies of the environment are not used.
"""

import http.client
import ipaddress
import socket
import ssl
import threading
from collections.abc import Mapping
from urllib.parse import SplitResult, urlsplit

from django.conf import settings

#: Seconds for a step of the connection, and for all of it.
_STEP, _WHOLE = 10, 30
_LONGEST_URL = 500
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
#: All public addresses of IPv6 are of it; ``is_global`` also takes old forms for global that lead to this machine.
_PUBLIC_IPV6 = ipaddress.ip_network("2000::/3")
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class NotSent(Exception):
    """The request did not reach its host, or may not; the message says why."""


def check_address(url: str) -> SplitResult:
    """The parts of an address. Raises :class:`NotSent` for one that nothing is ever sent to."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise NotSent("This is not an address.") from None
    if len(url) > _LONGEST_URL or not url.isascii() or not url.isprintable() or " " in url:
        raise NotSent(f"An address has up to {_LONGEST_URL} plain characters.")
    if parts.scheme not in ("https", "http") or not parts.hostname:
        raise NotSent("An address begins with https:// and a host.")
    if parts.scheme == "http" and not settings.WEBHOOK_NETWORKS:
        raise NotSent("An address begins with https://.")
    if parts.username or parts.password or parts.fragment:
        raise NotSent("An address has no user, password or fragment.")
    if port == 0:
        raise NotSent("This is not a port.")
    return parts


def post(url: str, body: bytes, headers: Mapping[str, str]) -> int:
    """Send a body; the status of the answer. Raises :class:`NotSent`."""
    parts = check_address(url)
    address, family = _checked_host(parts)
    connection = _Connection(parts, address, family)
    stop = threading.Timer(_WHOLE, connection.cut)
    stop.daemon = True
    try:
        stop.start()
        target = parts.path or "/"
        connection.request("POST", f"{target}?{parts.query}" if parts.query else target, body, dict(headers))
        return connection.getresponse().status
    except ssl.SSLCertVerificationError as fault:
        raise NotSent(f"The host's certificate is not valid: {fault.verify_message}.") from None
    except (OSError, http.client.HTTPException, ValueError) as fault:
        raise NotSent(f"The host could not be reached, or answered nothing ({type(fault).__name__}).") from None
    finally:
        stop.cancel()
        connection.close()


def _checked_host(parts: SplitResult) -> tuple[str, int]:
    """An address of the host, with its family. Raises :class:`NotSent` if any of its addresses may not be used."""
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        found = socket.getaddrinfo(parts.hostname, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise NotSent("There is no host of this name.") from None
    for _family, _type, _protocol, _name, place in found:
        if not may_reach(ipaddress.ip_address(str(place[0]).partition("%")[0]), is_plain=parts.scheme == "http"):
            raise NotSent("The host is not a public one. Networks of your own are allowed by WEBHOOK_NETWORKS.")
    family, _type, _protocol, _name, place = found[0]
    return str(place[0]), int(family)


def may_reach(address: Address, *, is_plain: bool = False) -> bool:
    """Whether requests may go to an address: a public one, or one of the networks that the setting names.

    Without encryption only the latter. An address that only carries another one is judged by that.
    """
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if inner is None and address in _NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if address.teredo is not None:
            return False
        if inner is not None:
            return may_reach(inner, is_plain=is_plain)
    if any(address.version == network.version and address in network for network in settings.WEBHOOK_NETWORKS):
        return True
    if isinstance(address, ipaddress.IPv6Address) and address not in _PUBLIC_IPV6:
        return False
    return address.is_global and not address.is_multicast and not is_plain


class _Connection(http.client.HTTPConnection):
    """A connection to the address that was checked, whatever the name means meanwhile."""

    def __init__(self, parts: SplitResult, address: str, family: int) -> None:
        self.is_secure, self.address, self.family = parts.scheme == "https", address, family
        super().__init__(str(parts.hostname), parts.port or (443 if self.is_secure else 80), timeout=_STEP)
        self.default_port = 443 if self.is_secure else 80  # left out of the Host header

    def connect(self) -> None:
        """Connect, and check the host's certificate against its name."""
        plain = socket.socket(self.family, socket.SOCK_STREAM)
        try:
            plain.settimeout(_STEP)
            plain.connect((self.address, self.port))
            context = ssl.create_default_context()
            self.sock = context.wrap_socket(plain, server_hostname=self.host) if self.is_secure else plain
        except BaseException:
            plain.close()
            raise

    def cut(self) -> None:
        """End whatever the connection waits for."""
        if self.sock is not None:
            try:
                self.sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                return
