"""The child process: its results, and that no file can harm its parent."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from determinations.extraction.reader import ReaderBroken, TextReader
from determinations.extraction.results import Damaged, ExtractedText, Limits, PasswordNeeded, TooLarge, TooSlow
from tests.extraction.files import locked_pdf, pdf, text_bomb_pdf

FAULTY = "tests.extraction.faulty_child"
LETTER = pdf("A synthetic letter with enough text")


@pytest.fixture
def reader() -> Iterator[TextReader]:
    with TextReader() as reader:
        yield reader


def child_of(reader: TextReader) -> int:
    assert reader.process.pid is not None
    return reader.process.pid


def test_one_child_reads_many_files(reader: TextReader) -> None:
    assert reader.read(LETTER).text == "A synthetic letter with enough text"
    first = child_of(reader)
    assert reader.read("plain “text”".encode()) == ExtractedText("plain “text”", (0,), 1, "text")
    assert child_of(reader) == first


def test_reasons_come_through(reader: TextReader) -> None:
    with pytest.raises(PasswordNeeded):
        reader.read(locked_pdf("A synthetic letter"))
    with pytest.raises(Damaged, match="neither"):
        reader.read(b"\x7fELF\x00")
    with pytest.raises(TooLarge):
        reader.read(text_bomb_pdf())
    assert reader.read(LETTER).pages == 1


def test_a_child_that_died_between_files_is_replaced(reader: TextReader) -> None:
    reader.read(LETTER)
    os.kill(child_of(reader), signal.SIGSEGV)
    assert reader.read(LETTER).pages == 1


def test_a_file_that_crashes_the_child_is_damaged_and_the_next_one_is_read() -> None:
    with TextReader(child=FAULTY) as reader:
        with pytest.raises(Damaged, match="SIGSEGV"):
            reader.read(b"crash")
        assert reader.read(LETTER).pages == 1


def test_a_file_that_hangs_is_too_slow_and_the_next_one_is_read() -> None:
    with TextReader(Limits(seconds=2), child=FAULTY) as reader:
        reader.read(LETTER)
        with pytest.raises(TooSlow):
            reader.read(b"hang")
        assert reader.read(LETTER).pages == 1


def test_a_file_that_takes_all_memory_is_too_large() -> None:
    with TextReader(child=FAULTY) as reader:
        with pytest.raises(TooLarge, match="memory"):
            reader.read(b"take memory")
        assert reader.read(LETTER).pages == 1


def test_the_child_has_no_secrets(reader: TextReader, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://user:secret@host/name")
    reader.read(LETTER)
    assert b"secret" not in Path(f"/proc/{child_of(reader)}/environ").read_bytes()


def test_the_child_ends_with_its_parent() -> None:
    read, write = os.pipe()
    if (parent := os.fork()) == 0:
        reader = TextReader()
        reader.read(LETTER)
        os.write(write, str(child_of(reader)).encode())
        os.kill(os.getpid(), signal.SIGKILL)
    os.close(write)
    os.waitpid(parent, 0)
    child = int(os.read(read, 20))
    os.close(read)
    for _ in range(1000):
        if not is_alive(child):
            return
        time.sleep(0.01)
    pytest.fail("the child outlives its parent")


def test_a_broken_installation_is_not_reported_as_a_faulty_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.executable", "/bin/false")
    with TextReader() as reader, pytest.raises(ReaderBroken):
        reader.read(LETTER)


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_a_compromised_child_reaches_nothing() -> None:
    """On any kernel, no file or connection can be opened; with namespaces no path exists."""
    namespaces = subprocess.run(["unshare", "--user", "--net", "true"], capture_output=True, check=False)
    without = set() if namespaces.returncode == 0 else {"look at a path"}
    with TextReader(child="tests.extraction.nosy_child") as reader:
        assert set(reader.read(b"anything").text.split("\n")) - without == {"tried"}


def test_a_confined_child_still_reads_every_encoding(reader: TextReader) -> None:
    for encoding in ("utf-8", "utf-8-sig", "utf-16", "utf-32", "cp1252"):
        assert "café" in reader.read("A synthetic letter of the café, long enough.".encode(encoding)).text, encoding
