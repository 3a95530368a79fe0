"""Where servers of sources are: an address of a host that the operator allows."""

import re
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings

from determinations.arrivals.connections import SourceFault

#: Seconds to wait for a server's answer.
TIMEOUT = 30.0
_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?|\[?[0-9a-fA-F:.]{2,45}\]?")


def check_host(host: str) -> None:
    """Raises ``SourceFault`` unless a source may be at this host."""
    if not _HOST.fullmatch(host):
        raise SourceFault("Enter the name of a host, such as mail.example.org, without address and port.")
    if settings.ARRIVAL_HOSTS and host.lower() not in {allowed.lower() for allowed in settings.ARRIVAL_HOSTS}:
        raise SourceFault("The operator allows sources at other hosts only (IMRSITE_ARRIVAL_HOSTS).")


@contextmanager
def faults_of_network(what: str) -> Iterator[None]:
    """Tell faults of the network as a ``SourceFault``."""
    try:
        yield
    except ssl.SSLCertVerificationError as fault:
        raise SourceFault(
            f"The certificate of the {what} is not valid: {fault.verify_message}. Workers trust the authorities of "
            "their system; a private one is added there."
        ) from None
    except TimeoutError:
        raise SourceFault(f"The {what} did not answer within {TIMEOUT:.0f} seconds.") from None
    except socket.gaierror:
        raise SourceFault(f"There is no host with the name of the {what}. Check it.") from None
    except OSError as fault:
        raise SourceFault(f"The {what} cannot be reached: {fault.strerror or type(fault).__name__}.") from None
