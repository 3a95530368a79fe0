"""A bucket of an S3-compatible object storage, as the place of stored files.

Files are written on a local disk first, then sent whole: an object appears complete or not at all. Requests are few,
short and repeated a bounded number of times, so that a service that does not answer is a fault within a minute.
"""

import base64
import contextlib
import errno
import hashlib
import logging
import os
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache, partial
from io import BufferedReader
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    HTTPClientError,
    NoCredentialsError,
    PartialCredentialsError,
)
from botocore.exceptions import (
    ConnectionError as EndpointUnreachable,
)

from determinations.storage.folder import UNFINISHED, make_private
from determinations.storage.places import MARKER, Entry, StoreFault, StoreReplaced
from determinations.storage.ranges import Piece, RangeReader
from determinations.storage.together import AT_ONCE, together
from imrsite.store_address import Bucket

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client
    from types_boto3_s3.type_defs import ListObjectsV2OutputTypeDef

logging.getLogger("botocore").setLevel(logging.WARNING)  # it says where it found access keys

_CONNECT_SECONDS, _READ_SECONDS, _ATTEMPTS = 3, 15, 3
#: Names that a listing returns at once.
_PAGE = 1_000
_MISSING = {"NoSuchKey", "404", "NotFound"}
_REFUSED = {
    "403", "AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "InvalidToken",
    "RequestTimeTooSkewed",
}  # fmt: skip
_EXISTS = {"PreconditionFailed", "ConditionalRequestConflict", "412", "409"}


@dataclass(frozen=True, slots=True)
class BucketPlace:
    """Objects whose names start with the bucket's prefix and a purpose; files are written in ``scratch`` first.

    Every method raises ``StoreFault`` if the service does not answer or refuses.
    """

    bucket: Bucket
    purpose: str
    scratch: Path
    kind = "bucket"

    def __str__(self) -> str:
        return f"{self.bucket}/{self.purpose}"

    @property
    def _prefix(self) -> str:
        return f"{self.bucket.prefix}{self.purpose}/"

    @property
    def _client(self) -> "S3Client":
        return _client_of(self.bucket.endpoint, self.bucket.region, os.getpid())

    def open(self, name: str) -> BufferedReader:
        """See ``Place``. Only what is read is fetched, in pieces."""
        return BufferedReader(RangeReader(partial(self._fetch, name)))

    def head(self, name: str, size: int) -> bytes:
        """See ``Place``."""
        return self._fetch(name, 0, size, "").data

    def _fetch(self, name: str, start: int, size: int, version: str) -> Piece:
        """Bytes of an object. Raises ``FileNotFoundError``, and ``StoreFault`` if it is another version by now."""
        wanted = f"bytes={start}-{start + size - 1}"
        key = self._prefix + name
        try:
            with _answers(name):
                if version:
                    answer = self._client.get_object(Bucket=self.bucket.name, Key=key, Range=wanted, IfMatch=version)
                else:
                    answer = self._client.get_object(Bucket=self.bucket.name, Key=key, Range=wanted)
                with contextlib.closing(answer["Body"]) as body:
                    data = body.read()
        except _Empty:
            return Piece(b"", 0, "")
        except FileExistsError as fault:
            raise StoreReplaced(errno.ESTALE, "the object was replaced while it was read") from fault
        whole = answer.get("ContentRange", "").rpartition("/")[2]
        return Piece(data, int(whole) if whole.isdigit() else len(data), answer["ETag"])

    def has(self, name: str) -> bool:
        """See ``Place``."""
        try:
            self.entry(name)
        except FileNotFoundError:
            return False
        return True

    def entry(self, name: str) -> Entry:
        """See ``Place``."""
        with _answers(name):
            found = self._client.head_object(Bucket=self.bucket.name, Key=self._prefix + name)
        return _entry(name, found["ContentLength"], found["LastModified"])

    def entries(self, below: str = "") -> Iterator[Entry]:
        """See ``Place``."""
        yield from self._listed(f"{below}/" if below else "")

    def _listed(self, start: str) -> Iterator[Entry]:
        token = ""
        while True:
            page = self._page(start, token)
            for item in page.get("Contents", ()):
                name = item["Key"].removeprefix(self._prefix)
                if name != MARKER and not name.endswith("/"):
                    yield _entry(name, item["Size"], item["LastModified"])
            token = page.get("NextContinuationToken", "")
            if not token:
                return

    def _page(self, start: str, token: str) -> "ListObjectsV2OutputTypeDef":
        bucket, prefix = self.bucket.name, self._prefix + start
        with _answers(start):
            if token:
                return self._client.list_objects_v2(
                    Bucket=bucket, Prefix=prefix, MaxKeys=_PAGE, ContinuationToken=token
                )
            return self._client.list_objects_v2(Bucket=bucket, Prefix=prefix, MaxKeys=_PAGE)

    def changed_since(self, moment: float) -> Iterator[Entry]:
        """See ``Place``. A bucket is listed from end to end, in parts side by side."""
        starts = [f"{number:02x}/" for number in range(256)] if self._is_deep() else [""]
        for part in together(partial(self._changed, moment), starts):
            yield from part

    def _is_deep(self) -> bool:
        """Whether names begin with folders of two digits, as those of letters and pictures."""
        first = next(self.entries(), None)
        return first is not None and first.name[2:3] == "/"

    def _changed(self, moment: float, start: str) -> list[Entry]:
        return [entry for entry in self._listed(start) if entry.changed_ns >= moment * 1e9]

    def clock(self) -> float:
        """See ``Place``."""
        with _answers(""):
            answer = self._client.head_bucket(Bucket=self.bucket.name)
        return parsedate_to_datetime(answer["ResponseMetadata"]["HTTPHeaders"]["date"]).timestamp()

    def unfinished(self) -> Path:
        """See ``Place``."""
        make_private(self.scratch, UNFINISHED)
        return self.unfinished_folder / uuid.uuid4().hex

    @property
    def unfinished_folder(self) -> Path:
        """See ``Place``."""
        return self.scratch / UNFINISHED

    @property
    def local_folder(self) -> Path:
        """See ``Place``."""
        return self.scratch

    def put(self, files: Mapping[str, Path]) -> None:
        """See ``Place``. Files are sent side by side; the service compares each with its SHA-256."""
        together(self._send, files.items())
        for path in files.values():
            path.unlink()

    def _send(self, file: tuple[str, Path]) -> None:
        name, path = file
        with path.open("rb") as content, _answers(name):
            digest = base64.b64encode(hashlib.file_digest(content, "sha256").digest()).decode()
            content.seek(0)
            self._client.put_object(
                Bucket=self.bucket.name, Key=self._prefix + name, Body=content, ChecksumSHA256=digest
            )

    def delete(self, name: str) -> None:
        """See ``Place``."""
        with contextlib.suppress(FileNotFoundError), _answers(name):
            self._client.delete_object(Bucket=self.bucket.name, Key=self._prefix + name)

    def delete_below(self, name: str) -> None:
        """See ``Place``."""
        together(self.delete, [entry.name for entry in self.entries(name)])

    def is_empty(self) -> bool:
        """See ``Place``."""
        with _answers(""):
            page = self._client.list_objects_v2(Bucket=self.bucket.name, Prefix=self._prefix, MaxKeys=1)
        return not page.get("Contents")

    def marker(self) -> str:
        """See ``Place``."""
        try:
            return self.head(MARKER, 200).decode(errors="replace").strip()
        except FileNotFoundError:
            return ""

    def write_marker(self, content: str) -> None:
        """See ``Place``."""
        with contextlib.suppress(FileExistsError), _answers(MARKER):
            self._client.put_object(
                Bucket=self.bucket.name, Key=self._prefix + MARKER, Body=f"{content}\n".encode(), IfNoneMatch="*"
            )


def _entry(name: str, size: int, modified: datetime) -> Entry:
    written = int(modified.timestamp()) * 1_000_000_000
    return Entry(name, size, written, written)


class _Empty(Exception):
    """The object has no bytes, so that no range of it can be read."""


@lru_cache(maxsize=4)
def _client_of(endpoint: str, region: str, process: int) -> "S3Client":
    """A client for all threads of this process. Access keys come from the library's ordinary chain."""
    return boto3.session.Session().client(
        "s3",
        endpoint_url=endpoint or None,
        region_name=region or None,
        config=Config(
            connect_timeout=_CONNECT_SECONDS,
            read_timeout=_READ_SECONDS,
            retries={"mode": "standard", "total_max_attempts": _ATTEMPTS},
            max_pool_connections=2 * AT_ONCE,
            s3={"addressing_style": "path"} if endpoint else None,
            # Checksums of ours are sent and compared; services that lack the library's newest ones work too.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        ),
    )


@contextlib.contextmanager
def _answers(name: str) -> Iterator[None]:
    """Turn the library's exceptions into those of a file system."""
    try:
        yield
    except ClientError as fault:
        code = fault.response.get("Error", {}).get("Code", "")
        if code in _MISSING:
            raise FileNotFoundError(errno.ENOENT, "No such object", name) from fault
        if code in {"InvalidRange", "416"}:
            raise _Empty from fault
        if code in _EXISTS:
            raise FileExistsError(errno.EEXIST, "Another object is there", name) from fault
        raise StoreFault(errno.EIO, _words(code)) from fault
    except (NoCredentialsError, PartialCredentialsError) as fault:
        raise StoreFault(errno.EACCES, "no access keys are configured") from fault
    except (HTTPClientError, EndpointUnreachable) as fault:
        raise StoreFault(errno.ETIMEDOUT, f"the object storage does not answer: {type(fault).__name__}") from fault
    except BotoCoreError as fault:
        raise StoreFault(errno.EIO, type(fault).__name__) from fault


def _words(code: str) -> str:
    if code in _REFUSED:
        return f"the object storage refuses access: {code}"
    if code == "NoSuchBucket":
        return "the bucket does not exist"
    return f"the object storage answers {code}"
