"""Limits what a process that opens untrusted files can reach if one of them takes control of it.

Always available: memory, open files and privilege escalation are limited permanently, and no core dump is written.
``shut_in`` also removes the network and the file system, if the kernel lets an ordinary process create a user
namespace (some containers forbid it); otherwise the limit of open files alone prevents it from opening a file or a
connection.

Not limited: processor time, and signals to other processes of the same user. A worker killed by such a signal is
restarted, and its letters are read again.
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
#: Encodings that are loaded from files on first use.
_ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252", "latin-1", "ascii")


def limit(memory_bytes: int) -> None:
    """Never outlive the parent, exceed the memory limit, gain privileges, or dump core."""
    with contextlib.suppress(OSError, AttributeError):  # Linux only; elsewhere the closed pipe ends it
        kernel = ctypes.CDLL(None)
        kernel.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        kernel.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))


def leave_network() -> bool:
    """Enter an empty network namespace; False if the kernel does not allow it."""
    try:
        return bool(ctypes.CDLL(None).unshare(_NEW_USER | _NEW_NETWORK | _NEW_IPC) == 0)
    except AttributeError:
        return False


def shut_in() -> None:
    """Prevent opening any file, connection or process from now on. Load everything needed before.

    The root becomes an empty, deleted folder, so that no path can be opened, deleted or run. No file descriptor is
    left either, which works on every system.
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
        resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))  # the superuser can start processes regardless
    free = os.dup(0)
    os.close(free)
    resource.setrlimit(resource.RLIMIT_NOFILE, (free, free))
