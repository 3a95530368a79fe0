"""Packs texts into bytes: Zstandard with a fixed dictionary, which makes a letter of 6 kB a value of 1.7 kB.

The first byte of a value is its form. A form and its dictionary never change once values of it are stored: another
dictionary is another form, and every form stays readable for good. The dictionary is made of synthetic letters alone
(``.github/decisions/0046-packed-texts.md``).
"""

import hashlib
import threading
from functools import lru_cache
from importlib.resources import files
from typing import TypeVar, cast

import orjson
import zstandard

Json = TypeVar("Json")

#: The forms: UTF-8 as it is, and a Zstandard frame without its magic number, by the first dictionary.
PLAIN, WITH_DICTIONARY_1 = b"\x00", b"\x01"
#: Higher levels pack better and take longer: level 6 saves 3% more and takes half as much time again.
_LEVEL = 5
#: What a damaged size must not make us reserve; no text of a file or document is as long.
_LARGEST = 64 * 1024 * 1024
#: Of the first dictionary: values that another one packed would be lost everywhere else.
_SHA256_1 = "01e76feac3fb18baa70f07dd8bc0ebd399c05901019dad070130f2a844cd8fa5"


_DAMAGED = "A stored text is damaged and cannot be unpacked: manage.py check_texts finds it and says what to do."


class UnreadableValue(Exception):
    """A stored value is damaged, or of a form that only a later version knows. The message has no text of letters."""


def pack(text: str) -> bytes:
    """The stored form of a text."""
    return _packed(text.encode())


def _packed(plain: bytes) -> bytes:
    packed = _frames.compressor.compress(plain) if plain else plain
    return PLAIN + plain if len(packed) >= len(plain) else WITH_DICTIONARY_1 + packed


def unpack(value: bytes) -> str:
    """The text of a stored value. Raises :class:`UnreadableValue`."""
    form, packed = value[:1], value[1:]
    try:
        if form == PLAIN:
            return packed.decode()
        if form == WITH_DICTIONARY_1:
            return _unpacked(packed).decode()
    except (zstandard.ZstdError, UnicodeDecodeError):
        raise UnreadableValue(_DAMAGED) from None
    raise UnreadableValue(
        f"A stored text has the form {form.hex() or 'of no bytes'}, which this version does not know. Is an earlier "
        "version running on a newer database?"
    )


def pack_json(value: object) -> bytes:
    """The stored form of a value that is JSON: of texts, whole numbers of 64 bits, true, false, None, lists and dicts.

    Of these every version wrote the same bytes. A float may be written in another form than earlier, one that is no
    number would be stored as ``null``, and TypeError is raised for a longer number, a named tuple, or a key that is
    not plainly ``str``. No field of a ``LetterRecord`` has such a value.
    """
    return _packed(orjson.dumps(value))


def unpack_json(value: bytes) -> object:
    """The value of a stored one that is JSON. Raises :class:`UnreadableValue`."""
    try:
        return cast(object, orjson.loads(unpack(value)))
    except orjson.JSONDecodeError:  # it holds what it could not read
        raise UnreadableValue(_DAMAGED) from None


def packed_literal(text: str | None) -> str:
    """The stored form of a text, empty if there is none, as PostgreSQL reads bytes in JSON and in text."""
    return rf"\x{pack(text or '').hex()}"


def unpacked_literal(literal: str) -> str:
    """The text of a stored value that PostgreSQL wrote as text. Raises :class:`UnreadableValue`."""
    return unpack(bytes.fromhex(literal.removeprefix(r"\x")))


def _unpacked(packed: bytes) -> bytes:
    size = zstandard.get_frame_parameters(packed, format=zstandard.FORMAT_ZSTD1_MAGICLESS).content_size
    if size > _LARGEST:
        raise zstandard.ZstdError("size")
    return _frames.decompressor.decompress(packed)


@lru_cache(maxsize=1)
def _dictionary_1() -> zstandard.ZstdCompressionDict:
    data = (files(__package__) / "dictionary_1.txt").read_bytes()
    if hashlib.sha256(data).hexdigest() != _SHA256_1:
        raise RuntimeError("packing/dictionary_1.txt was changed: fetch the file of the release again.")
    dictionary = zstandard.ZstdCompressionDict(data, dict_type=zstandard.DICT_TYPE_RAWCONTENT)
    dictionary.precompute_compress(level=_LEVEL)
    return dictionary


class _Frames(threading.local):
    """The compressor and decompressor of a thread: neither may be used by two threads at once."""

    def __init__(self) -> None:
        dictionary = _dictionary_1()
        parameters = zstandard.ZstdCompressionParameters.from_level(
            _LEVEL, format=zstandard.FORMAT_ZSTD1_MAGICLESS, write_checksum=1, write_content_size=1, write_dict_id=0
        )
        self.compressor = zstandard.ZstdCompressor(dict_data=dictionary, compression_params=parameters)
        self.decompressor = zstandard.ZstdDecompressor(
            dict_data=dictionary, format=zstandard.FORMAT_ZSTD1_MAGICLESS, max_window_size=_LARGEST
        )


_frames = _Frames()
