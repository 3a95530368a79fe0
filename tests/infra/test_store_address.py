"""Where stored files are is read from the environment; what is wrong is said with its remedy."""

from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from imrsite.store_address import Bucket, bucket, read_location


def test_a_bucket_is_read_with_its_prefix_and_service(monkeypatch: pytest.MonkeyPatch) -> None:
    assert bucket("STORE_URL", is_encrypted=False) is None
    monkeypatch.setenv("STORE_URL", "s3://imr-letters/west/office/")
    monkeypatch.setenv("S3_REGION", "us-west-1")
    read = bucket("STORE_URL", is_encrypted=False)
    assert read == Bucket("imr-letters", "west/office/", "", "us-west-1")
    assert str(read) == "s3://imr-letters/west/office"
    assert read_location("--to", "s3://other", like=read) == Bucket("other", "", "", "us-west-1")
    assert read_location("--to", "/srv/letters", like=read) == Path("/srv/letters")


@pytest.mark.parametrize(
    ("url", "endpoint", "is_encrypted", "words"),
    [
        ("https://imr-letters", "", True, "s3://bucket"),
        ("s3://", "", True, "s3://bucket"),
        ("s3://Upper_Case", "", True, "s3://bucket"),
        ("s3://imr-letters/a b", "", True, "s3://bucket"),
        ("s3://imr-letters", "storage.example.org", True, "https://storage.example.org"),
        ("s3://imr-letters", "http://storage.example.org", False, "has no TLS"),
        ("s3://imr-letters", "http://storage.example.org", True, ""),
        ("s3://imr-letters", "http://127.0.0.1:9000", False, ""),
    ],
)
def test_an_unusable_address_says_what_to_write(
    url: str, endpoint: str, is_encrypted: bool, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STORE_URL", url)
    monkeypatch.setenv("S3_ENDPOINT_URL", endpoint)
    if not words:
        assert bucket("STORE_URL", is_encrypted=is_encrypted)
        return
    with pytest.raises(ImproperlyConfigured, match=words):
        bucket("STORE_URL", is_encrypted=is_encrypted)
