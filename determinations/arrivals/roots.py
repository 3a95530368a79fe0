"""What administrators may point a source to: folders below the roots that the operator names, and hosts."""

import os
from pathlib import Path

from django.conf import settings

from determinations.arrivals.connections import SourceFault


def open_below_roots(path: str) -> int:
    """A descriptor of the folder, reached from a root without following a symbolic link. Raises ``SourceFault``."""
    root, parts = way_from_root(path)
    try:
        descriptor = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)  # the operator's own path
        for part in parts:
            descriptor = open_folder(part, within=descriptor)
    except OSError as fault:
        raise SourceFault(f"The folder {path} cannot be opened: {why(fault)}.") from None
    return descriptor


def open_folder(name: str, *, within: int) -> int:
    """Open a folder of a folder, which is closed. Raises ``OSError``, also for a symbolic link."""
    try:
        return os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=within)
    finally:
        os.close(within)


def way_from_root(path: str) -> tuple[Path, tuple[str, ...]]:
    """The root of a folder, and the way from it. Raises ``SourceFault``."""
    if not settings.ARRIVAL_ROOTS:
        raise SourceFault("No folder may be watched: the operator has to name roots in IMRSITE_ARRIVAL_ROOTS.")
    wanted = Path(path)
    for root in map(Path, settings.ARRIVAL_ROOTS):
        if wanted.is_absolute() and wanted.is_relative_to(root) and ".." not in wanted.parts:
            return root, wanted.relative_to(root).parts
    roots = ", ".join(settings.ARRIVAL_ROOTS)
    raise SourceFault(f"Only folders below {roots} may be watched (IMRSITE_ARRIVAL_ROOTS).")


def why(fault: OSError) -> str:
    """The reason in the words of the system."""
    return fault.strerror or type(fault).__name__
