"""The format of encrypted files: any size, any range; a change anywhere is seen."""

import io
import os
import random
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from determinations.storage.keys import FileKey, KeyRing
from determinations.storage.ranges import PIECE, Piece, RangeReader
from determinations.storage.scratch import ScratchFile
from determinations.storage.sealed import (
    CHUNK,
    HEADER,
    KeyUnknown,
    NotAuthentic,
    SealedReader,
    SealedWriter,
    sealed_size,
)

SIZES = [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 3 * CHUNK + 17]


def a_key(number: int) -> FileKey:
    return FileKey(bytes([number]) * 8, AESGCM(bytes([number]) * 32))


def ring(*keys: FileKey) -> KeyRing:
    return KeyRing(keys[0], {key.id: key for key in keys})


KEY = a_key(1)


def sealed(data: bytes, name: str = "letters/a", key: FileKey = KEY) -> bytes:
    target = io.BytesIO()
    writer = SealedWriter(target, key, name)
    for start in range(0, len(data), 50_000):
        writer.write(data[start : start + 50_000])
    writer.close()
    return target.getvalue()


def opened(data: bytes, name: str = "letters/a", keys: KeyRing | None = None) -> io.BufferedReader:
    return io.BufferedReader(SealedReader(io.BytesIO(data), keys or ring(KEY), name))


@pytest.mark.parametrize("size", SIZES)
def test_a_file_of_any_size_is_read_as_it_was_written(size: int) -> None:
    data = random.Random(size).randbytes(size)
    stored = sealed(data)
    assert len(stored) == sealed_size(size)
    assert size < 16 or data[:16] not in stored
    assert opened(stored).read() == data
    assert sealed(data) != stored, "each file has a key of its own"


def test_any_range_can_be_read() -> None:
    data = random.Random(1).randbytes(3 * CHUNK + 17)
    file = opened(sealed(data))
    for start, length in [(0, 5), (CHUNK - 3, 6), (2 * CHUNK, CHUNK), (3 * CHUNK + 10, 100), (9 * CHUNK, 1)]:
        file.seek(start)
        assert file.read(length) == data[start : start + length]
    assert file.seek(-7, os.SEEK_END) == len(data) - 7
    assert file.read() == data[-7:]


@pytest.mark.parametrize("size", SIZES)
def test_a_file_that_was_cut_or_lengthened_does_not_open(size: int) -> None:
    stored = sealed(random.Random(size).randbytes(size))
    body = range(HEADER, len(stored), CHUNK + 16)
    for end in {0, 5, HEADER - 1, HEADER, HEADER + 1, len(stored) - 1, *body} - {len(stored)}:
        with pytest.raises(NotAuthentic):
            opened(stored[:end])
    for more in (b"\0", bytes(16), bytes(CHUNK + 16)):
        with pytest.raises(NotAuthentic):
            opened(stored + more)


def test_every_flipped_bit_is_seen() -> None:
    stored = sealed(b"synthetic letter" * 3)
    for at in range(len(stored)):
        changed = bytearray(stored)
        changed[at] ^= 1 << at % 8
        with pytest.raises((NotAuthentic, KeyUnknown)):
            opened(bytes(changed)).read()


def test_chunks_cannot_change_places_or_files() -> None:
    one, other = (sealed(random.Random(seed).randbytes(3 * CHUNK)) for seed in (1, 2))
    size = CHUNK + 16
    parts = [one[HEADER + at * size : HEADER + (at + 1) * size] for at in range(3)]
    for changed in (
        one[:HEADER] + parts[1] + parts[0] + parts[2],
        one[:HEADER] + parts[0] + parts[2],
        one[: HEADER + size] + other[HEADER + size :],
        other[:HEADER] + one[HEADER:],
    ):
        with pytest.raises(NotAuthentic):
            opened(changed).read()


def test_a_file_opens_under_its_own_name_and_key_alone() -> None:
    stored = sealed(b"synthetic")
    with pytest.raises(NotAuthentic):
        opened(stored, name="letters/b")
    with pytest.raises(KeyUnknown, match=KEY.name):
        opened(stored, keys=ring(a_key(2)))
    with pytest.raises(NotAuthentic):
        opened(stored, keys=KeyRing(None, {KEY.id: FileKey(KEY.id, a_key(2).cipher)}))
    assert opened(stored, keys=ring(a_key(2), KEY)).read() == b"synthetic"


def test_a_file_that_was_abandoned_does_not_open() -> None:
    target = io.BytesIO()
    writer = SealedWriter(target, KEY, "letters/a")
    writer.write(bytes(2 * CHUNK))
    writer.abandon()
    with pytest.raises(NotAuthentic):
        opened(target.getvalue())


def test_a_scratch_file_has_no_name_and_reads_what_was_written(tmp_path: Path) -> None:
    data = random.Random(3).randbytes(2 * CHUNK + 5)
    with ScratchFile(tmp_path) as file:
        file.write(data)
        assert list(tmp_path.iterdir()) == []
        file.seek(0)
        assert file.read() == data
        file.seek(CHUNK - 1)
        assert file.read(3) == data[CHUNK - 1 : CHUNK + 2]


@pytest.mark.parametrize("length", [0, 5, PIECE + 1])
def test_a_piece_of_another_length_is_an_error_and_not_the_end_of_the_file(length: int) -> None:
    def fetch(start: int, size: int, version: str) -> Piece:
        return Piece(bytes(length if start else size), 2 * PIECE, "1")

    file = RangeReader(fetch)
    assert len(file.read(PIECE)) == PIECE
    with pytest.raises(OSError, match="another length"):
        file.read(PIECE)
