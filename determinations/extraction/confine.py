"""How far a process that opens strangers' files can reach if one of them takes it over.

What the kernel always grants: memory, open files and the way to more rights are limited for good, and no picture of
the memory is left behind. ``shut_in`` also takes its network and its file system, where the kernel lets an ordinary
process make a user namespace (some containers forbid it); where it does not, the limit of open files alone keeps it
from opening a file or a connection.

What nothing here takes: its processor time, and signals to other processes of the same user. That it could send; a
worker that dies of one is started again, and its letters are read again.
"""

import codecs
import contextlib
import ctypes
import os
import resource
import signal
import tempfile

_PR_SET_PDEATHSIG, _PR_SET_NO_NEW_PRIVS = 1, 38
_NEW_NETWORK, _NEW_IPC, _NEW_USER = 0x40000000, 0x08000000, 0x10000000
#: Encodings that are loaded from files when first asked for.
_ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252", "latin-1", "ascii")


def limit(memory_bytes: int) -> None:
    """Never outlive the parent, never take more memory than allowed, never get other rights, leave no picture."""
    with contextlib.suppress(OSError, AttributeError):  # Linux only; elsewhere the closed pipe ends it
        kernel = ctypes.CDLL(None)
        kernel.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        kernel.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))


def leave_network() -> bool:
    """Have a network of one's own in which there is nobody; False where the kernel does not allow it."""
    try:
        return bool(ctypes.CDLL(None).unshare(_NEW_USER | _NEW_NETWORK | _NEW_IPC) == 0)
    except AttributeError:
        return False


def shut_in() -> None:
    """Open nothing any more: no file, no connection, no process. Load everything needed before.

    The root folder becomes an empty one that is gone: there is no path left to open, to delete or to run. And no
    number is left for an open file, which holds wherever this runs.
    """
    for name in _ENCODINGS:
        codecs.lookup(name)
    if leave_network():
        with contextlib.suppress(OSError):
            empty = tempfile.mkdtemp(prefix="imrsite-")
            os.chdir(empty)
            os.rmdir(empty)
            os.chroot(".")
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))  # the superuser may start processes all the same
    free = os.dup(0)
    os.close(free)
    resource.setrlimit(resource.RLIMIT_NOFILE, (free, free))
