"""A bucket of an S3-compatible object store. An object appears whole or not at all, so none has to settle."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO, Protocol, TypedDict, cast
from urllib.parse import urlsplit

from django.conf import settings

from determinations.arrivals.connections import Item, ItemChanged, ItemFault, Place, Reads, SourceFault, copy_exactly
from determinations.arrivals.names import TAKEN_FOLDERS, is_unfinished, shortened, with_number
from determinations.arrivals.servers import TIMEOUT, check_host

_WHAT = "object store"
_GONE = {"404", "NoSuchKey", "NotFound", "412", "PreconditionFailed"}
_REFUSED = {"403", "AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch"}


class _Entry(TypedDict):
    Key: str
    ETag: str
    Size: int


class _Page(TypedDict, total=False):
    Contents: list[_Entry]
    IsTruncated: bool
    NextContinuationToken: str


class _Object(TypedDict):
    Body: Reads
    ETag: str


class _Client(Protocol):
    """What is used of boto3's client, which has no types."""

    def list_objects_v2(self, **request: object) -> _Page: ...

    def get_object(self, **request: object) -> _Object: ...

    def head_object(self, **request: object) -> _Entry: ...

    def put_object(self, **request: object) -> object: ...

    def copy_object(self, **request: object) -> object: ...

    def delete_object(self, **request: object) -> object: ...

    def close(self) -> None: ...


class _Missing(Exception):
    """There is no such object, or it is another version by now."""


class Bucket:
    """A bucket that can be listed."""

    def __init__(self, place: Place) -> None:
        options = place.options
        self.leaves_files = options.get("after") == "leave"
        self._bucket, self._prefix = options["bucket"], options["start"]
        check_endpoint(options["endpoint"])
        self._client = _client_of(options, place.secret)

    def close(self) -> None:
        """End the connections."""
        self._client.close()

    def items(self) -> Iterator[Item]:
        """The objects below the prefix, without those that were moved aside."""
        request: dict[str, object] = {"Bucket": self._bucket, "Prefix": self._prefix}
        while True:
            try:
                with _faults():
                    page = self._client.list_objects_v2(**request)
            except _Missing:
                raise SourceFault(f"The {_WHAT} has no bucket {self._bucket}.") from None
            for entry in page.get("Contents", ()):
                name = entry["Key"].removeprefix(self._prefix)
                if name.endswith("/") or name.split("/")[0] in TAKEN_FOLDERS or is_unfinished(name):
                    continue
                yield Item(entry["Key"], entry["ETag"], name, entry["Size"], settles=False)
            if not page.get("IsTruncated"):
                return
            request["ContinuationToken"] = page["NextContinuationToken"]

    def fetch(self, item: Item, target: BinaryIO) -> None:
        """The bytes of the version that was listed."""
        try:
            with _faults():
                answer = self._client.get_object(Bucket=self._bucket, Key=item.place, IfMatch=item.version)
                copy_exactly(answer["Body"], target, item.size)
        except _Missing:
            raise ItemChanged from None

    def put_aside(self, item: Item, refusal: str) -> None:
        """Copy it below ``taken``, or below ``refused`` with the reason beside it, then delete it where it was.

        What a worker copied that was killed before it deleted is copied to the same name again.
        """
        aside = f"{self._prefix}{'refused' if refusal else 'taken'}/"
        try:
            with _faults():
                free = next(name for name in with_number(item.name) if self._etag(aside + name) in ("", item.version))
                if refusal:
                    reason = f"{aside}{shortened(free)}.reason.txt"
                    self._client.put_object(Bucket=self._bucket, Key=reason, Body=f"{refusal}\n".encode())
                self._client.copy_object(
                    Bucket=self._bucket, Key=aside + free, CopySourceIfMatch=item.version,
                    CopySource={"Bucket": self._bucket, "Key": item.place},
                )  # fmt: skip
                if self._etag(item.place) == item.version:
                    self._client.delete_object(Bucket=self._bucket, Key=item.place, IfMatch=item.version)
        except _Missing:
            return
        except SourceFault as fault:
            raise ItemFault(f"{item.name} was taken but cannot be moved. {fault}") from None

    def _etag(self, key: str) -> str:
        """The tag of an object's bytes, which a copy has as well; empty if there is no such object."""
        try:
            with _faults():
                return self._client.head_object(Bucket=self._bucket, Key=key)["ETag"]
        except _Missing:
            return ""


def open_bucket(place: Place) -> Bucket:
    """A bucket; the first listing connects. Raises ``SourceFault``."""
    return Bucket(place)


def check_endpoint(endpoint: str) -> None:
    """Raises ``SourceFault`` unless this is an address of an object store that a source may be at."""
    try:
        parts = urlsplit(endpoint)
        host, is_plain = parts.hostname or "", parts.scheme == "http"
    except ValueError:
        host, is_plain = "", False
    if (
        not host
        or parts.scheme not in ("http", "https")
        or parts.username
        or parts.path not in ("", "/")
        or parts.query
    ):
        raise SourceFault("Enter the address of the object store, such as https://s3.us-west-1.amazonaws.com.")
    check_host(host)
    if is_plain and host not in settings.ARRIVAL_HOSTS:
        raise SourceFault(
            "An object store without HTTPS can be used only if the operator names its host (IMRSITE_ARRIVAL_HOSTS)."
        )


def _client_of(options: dict[str, str], secret: str) -> _Client:
    import boto3  # only here: it takes memory and time that other processes need not spend
    from botocore.config import Config

    client = boto3.client(
        "s3", endpoint_url=options["endpoint"], region_name=options["region"] or "us-east-1",
        aws_access_key_id=options["user"], aws_secret_access_key=secret,
        config=Config(
            connect_timeout=TIMEOUT, read_timeout=TIMEOUT, retries={"total_max_attempts": 3},
            s3={"addressing_style": "path"}, request_checksum_calculation="when_required",
            response_checksum_validation="when_required", proxies={},
        ),
    )  # fmt: skip
    return cast(_Client, client)


@contextmanager
def _faults() -> Iterator[None]:
    """Tell faults of the store as a ``SourceFault``; its own words are left out, since they may name objects."""
    from botocore.exceptions import BotoCoreError, ClientError
    from urllib3.exceptions import HTTPError

    try:
        yield
    except ClientError as fault:
        code = str(fault.response.get("Error", {}).get("Code", ""))
        if code in _GONE:
            raise _Missing from None
        if code == "NoSuchBucket":
            raise SourceFault(f"The {_WHAT} has no such bucket.") from None
        if code in _REFUSED:
            raise SourceFault(f"The {_WHAT} refused the access key, or the key may not do this.") from None
        raise SourceFault(f"The {_WHAT} refused a request ({code[:40] or 'no reason'}).") from None
    except (BotoCoreError, HTTPError, OSError) as fault:
        raise SourceFault(f"The {_WHAT} cannot be reached ({type(fault).__name__}).") from None
