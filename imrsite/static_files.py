"""Static files under names that carry their fingerprint, so that browsers may keep them for good."""

from whitenoise.storage import CompressedManifestStaticFilesStorage

#: ``import { say } from "./toast.js";`` and how it is written with a fingerprinted address.
_IMPORT = (
    r"""(?P<matched>import(?P<import>\s[^;]*?)\s*from\s*['"](?P<url>\./[^'"]+)['"]\s*;)""",
    """import%(import)s from "%(url)s";""",
)


class FingerprintedStorage(CompressedManifestStaticFilesStorage):
    """Until ``collectstatic`` has run there are no fingerprints, and files go by their plain names.

    Pages then answer without style instead of failing, and WhiteNoise warns of the missing folder at the start. Once
    files have been collected, a name that is not among them is an error, as ever. The names by which
    the product's own modules import each other are fingerprinted too (packages' scripts import what is not served).
    """

    patterns = (*CompressedManifestStaticFilesStorage.patterns, ("js/*.js", (_IMPORT,)))

    def stored_name(self, name: str) -> str:
        """The name under which a file is served."""
        return str(super().stored_name(name)) if self.hashed_files else name
