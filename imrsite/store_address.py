"""Where stored files are, from the settings: a bucket of an S3-compatible object storage, or a folder."""

import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

from imrsite import env

_NAME = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_PREFIX = re.compile(r"[\w./-]*")


@dataclass(frozen=True, slots=True)
class Bucket:
    """A bucket, and what the names of all objects of this installation start with (empty, or ending in a slash)."""

    name: str
    prefix: str = ""
    #: The address of the service; empty for the one that the client library knows for the region.
    endpoint: str = ""
    region: str = ""

    def __str__(self) -> str:
        return f"s3://{self.name}/{self.prefix}".rstrip("/")


def bucket(name: str, *, is_encrypted: bool) -> Bucket | None:
    """The bucket that the variable names as ``s3://bucket/prefix``; None for a folder."""
    value = env.text(name)
    if not value:
        return None
    endpoint = env.text("S3_ENDPOINT_URL")
    _check_endpoint(endpoint, is_encrypted=is_encrypted)
    return read_bucket(name, value, endpoint=endpoint, region=env.text("S3_REGION"))


def read_bucket(what: str, value: str, *, endpoint: str, region: str) -> Bucket:
    """The bucket of an address. Raises ``ImproperlyConfigured``, with ``what`` as the name of the value."""
    parts = urlsplit(value)
    prefix = parts.path.strip("/")
    if parts.scheme != "s3" or not _NAME.fullmatch(parts.netloc) or not _PREFIX.fullmatch(prefix) or parts.query:
        raise ImproperlyConfigured(f"{what} is not the address of a bucket: write s3://bucket or s3://bucket/prefix.")
    return Bucket(parts.netloc, f"{prefix}/" if prefix else "", endpoint, region)


def read_location(what: str, value: str, *, like: Bucket | None) -> Bucket | Path:
    """A bucket or an absolute folder; a bucket is at the service of ``like``, or of the environment."""
    if value.startswith("s3:"):
        endpoint = like.endpoint if like else env.text("S3_ENDPOINT_URL")
        region = like.region if like else env.text("S3_REGION")
        return read_bucket(what, value, endpoint=endpoint, region=region)
    if not value.startswith("/"):
        raise ImproperlyConfigured(f"{what} is neither a bucket nor a folder: write s3://bucket or /folder.")
    return Path(value)


def _check_endpoint(endpoint: str, *, is_encrypted: bool) -> None:
    """Without TLS, whoever sees the network sees the letters, unless they are encrypted before they are sent."""
    parts = urlsplit(endpoint)
    if not endpoint:
        return
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ImproperlyConfigured("S3_ENDPOINT_URL is not an address: write https://storage.example.org.")
    if parts.scheme == "http" and not is_encrypted and not env.is_this_machine(parts.hostname):
        raise ImproperlyConfigured(
            f"S3_ENDPOINT_URL has no TLS, and {parts.hostname} is reached over the network: write https://, or set "
            "FILE_KEYS so that only encrypted files are sent."
        )
