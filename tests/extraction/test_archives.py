"""ZIP archives: their contents, and the reasons for refusing them."""

import io
import struct
import zipfile

import pytest

from determinations.extraction.archives import ArchiveLimits, ArchiveRefused, members
from tests.extraction.files import archive

LIMITS = ArchiveLimits()


def read_all(data: bytes, limits: ArchiveLimits = LIMITS) -> dict[str, bytes]:
    found = {}
    for member in members(io.BytesIO(data), limits):
        with member.open() as stream:
            found[member.name] = stream.read()
    return found


def refusal(data: bytes, limits: ArchiveLimits = LIMITS) -> str:
    with pytest.raises(ArchiveRefused) as refused:
        read_all(data, limits)
    return refused.value.reason


def test_gives_files_without_folders_and_clutter() -> None:
    data = archive({"b/": b"", "b/a.pdf": b"one", "__MACOSX/b/._a.pdf": b"x", "c/.DS_Store": b"x", "z.txt": b"two"})
    assert read_all(data) == {"b/a.pdf": b"one", "z.txt": b"two"}


def test_no_files() -> None:
    assert refusal(archive({"a/": b""})) == "archive_empty"


def test_cut_short() -> None:
    data = archive({"a.txt": b"synthetic" * 1000}, zipfile.ZIP_STORED)
    assert refusal(data[:-30]) == "archive_damaged"


def test_damaged_member() -> None:
    data = archive({"a.txt": b"synthetic " * 1000}, zipfile.ZIP_STORED).replace(b"synthetic", b"SYNTHETIC", 3)
    assert refusal(data) == "archive_damaged"


def test_a_bomb_is_detected_by_its_compression_ratio() -> None:
    assert refusal(archive({"a.txt": bytes(20_000_000)})) == "archive_bomb"


def test_a_false_declared_size_is_detected() -> None:
    data = archive({"a.txt": b"synthetic" * 100_000})
    size = struct.pack("<L", 900_000)
    assert size in data
    reason = refusal(data.replace(size, struct.pack("<L", 9_000)), ArchiveLimits(member_bytes=10_000))
    assert reason in {"too_large", "archive_damaged"}


def test_too_large_members_and_totals() -> None:
    data = archive({"a.txt": b"synthetic" * 100, "b.txt": b"synthetic" * 100})
    assert refusal(data, ArchiveLimits(member_bytes=100)) == "too_large"
    assert refusal(data, ArchiveLimits(total_bytes=1_000)) == "archive_too_large"
    assert refusal(data, ArchiveLimits(members=1)) == "archive_too_many"


def test_a_directory_of_millions_is_refused_before_it_is_read() -> None:
    data = bytearray(archive({"a.txt": b"synthetic"}))
    end = data.rfind(b"PK\x05\x06")
    data[end + 12 : end + 16] = struct.pack("<L", 500_000_000)
    assert refusal(bytes(data)) == "archive_too_many"


def test_a_password() -> None:
    data = bytearray(archive({"a.txt": b"synthetic"}))
    data[6] |= 1  # the flag in the file's own header, and in the directory
    data[data.find(b"PK\x01\x02") + 8] |= 1
    assert refusal(bytes(data)) == "password_needed"


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_unsupported_compression_methods(method: int) -> None:
    assert refusal(archive({"a.txt": b"synthetic"}, method)) == "archive_method"
