"""Static files with a fingerprint in their names, so that browsers can cache them forever."""

import logging
from functools import cache

from django.contrib.staticfiles.finders import find
from whitenoise.storage import CompressedManifestStaticFilesStorage

log = logging.getLogger(__name__)

#: ``import { say } from "./toast.js";`` and how it is written with a fingerprinted address.
_IMPORT = (
    r"""(?P<matched>import(?P<import>\s[^;]*?)\s*from\s*['"](?P<url>\./[^'"]+)['"]\s*;)""",
    """import%(import)s from "%(url)s";""",
)


class FingerprintedStorage(CompressedManifestStaticFilesStorage):
    """Uses plain names for files that ``collectstatic`` has not collected yet, as after an upgrade.

    WhiteNoise serves them too, without caching, and ``uncollected`` says so to health checks. A name that no file has
    is an error. Imports between our own script modules are fingerprinted too; scripts of packages are not, because
    they import files that are not served.
    """

    patterns = (*CompressedManifestStaticFilesStorage.patterns, ("js/*.js", (_IMPORT,)))

    def stored_name(self, name: str) -> str:
        """The name under which a file is served."""
        if not self.hashed_files:
            return name
        try:
            return str(super().stored_name(name))
        except ValueError:
            if find(name) is None:
                raise
            note_uncollected(name)
            return name


#: Files that pages named and that were not collected; of this process.
uncollected: set[str] = set()


@cache
def note_uncollected(name: str) -> None:
    """Log once that a file is served under its plain name."""
    uncollected.add(name)
    log.error("%s was not collected: run manage.py collectstatic, then restart the web server.", name)
