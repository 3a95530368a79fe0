"""Static files with a fingerprint in their names, so that browsers can cache them forever."""

from whitenoise.storage import CompressedManifestStaticFilesStorage

#: ``import { say } from "./toast.js";`` and how it is written with a fingerprinted address.
_IMPORT = (
    r"""(?P<matched>import(?P<import>\s[^;]*?)\s*from\s*['"](?P<url>\./[^'"]+)['"]\s*;)""",
    """import%(import)s from "%(url)s";""",
)


class FingerprintedStorage(CompressedManifestStaticFilesStorage):
    """Uses plain names until ``collectstatic`` has run.

    Pages are then unstyled instead of failing, and WhiteNoise warns about the missing folder at startup. Once files
    have been collected, an unknown name is an error. Imports between our own script modules are fingerprinted too;
    scripts of packages are not, because they import files that are not served.
    """

    patterns = (*CompressedManifestStaticFilesStorage.patterns, ("js/*.js", (_IMPORT,)))

    def stored_name(self, name: str) -> str:
        """The name under which a file is served."""
        return str(super().stored_name(name)) if self.hashed_files else name
