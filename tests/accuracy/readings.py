"""The texts of the real letters, if present, as extracted by several PDF readers.

Two of the readers take half a minute for all letters: what they gave is kept for later runs in this user's own folder
below the system's temporary one, outside the project.
"""

import hashlib
import importlib.metadata
import io
import logging
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

import pypdf
from pdfminer.high_level import extract_text

from determinations.extraction.pdf import read_pdf_text
from tests.fixtures import LETTERS

_KEPT = Path(tempfile.gettempdir()) / f"imrsite-readings-{os.getuid()}"


def _by_pdfium(data: bytes) -> str:
    return read_pdf_text(data).text


def _by_pypdf(data: bytes) -> str:
    return "\f".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(data)).pages)


def _by_pdfminer(data: bytes) -> str:
    logging.getLogger("pdfminer").setLevel(logging.ERROR)  # hides warnings about the letters' permissions
    return extract_text(io.BytesIO(data))


def _kept(distribution: str, read: Callable[[bytes], str]) -> Callable[[bytes], str]:
    def reading(data: bytes) -> str:
        name = f"{distribution}-{importlib.metadata.version(distribution)}-{hashlib.sha256(data).hexdigest()}.txt"
        _KEPT.mkdir(mode=0o700, exist_ok=True)
        path = _KEPT / name
        if not path.exists():
            unfinished = path.with_suffix(f".{os.getpid()}")
            unfinished.write_bytes(read(data).encode())
            unfinished.replace(path)
        return path.read_bytes().decode()

    return reading


def _double_spaced(data: bytes) -> str:
    return "".join(f"{line}\n\n" for line in _by_pdfium(data).replace("\r\n", "\n").split("\n"))


#: The PDF readers by name.
READERS: dict[str, Callable[[bytes], str]] = {
    "pdfium": _by_pdfium,
    "pypdf": _kept("pypdf", _by_pypdf),
    "pdfminer.six": _kept("pdfminer.six", _by_pdfminer),
    "double-spaced": _double_spaced,
}


def texts(reader: str) -> dict[str, str]:
    """The text of every letter by file name; text files are read as they are."""
    read = READERS[reader]
    texts_by_name = {path.name: read(path.read_bytes()) for path in sorted((LETTERS / "pdf").glob("*.pdf"))}
    for path in sorted((LETTERS / "text").glob("*.txt")):
        texts_by_name[path.name] = path.read_bytes().decode("utf-8", "replace")
    return texts_by_name
