"""The process that opens untrusted files one by one and returns their text or the reason for refusal.

Started and controlled by ``reader.TextReader``. The file's bytes and the text travel in one shared memory file, the
pipes only carry short lines, so that neither side can hang on a full pipe. It holds no secrets: its environment is
empty, and it gives up access to other resources before the first file (see ``confine``).
"""

import json
import os
import signal
import sys
from collections.abc import Mapping

from determinations.extraction.confine import limit, shut_in
from determinations.extraction.formatted import read_formatted_text, warm_up
from determinations.extraction.kinds import FORMATTED_KINDS, HEAD, PICTURE_KINDS, Kind, kind_of
from determinations.extraction.pdf import read_pdf_text
from determinations.extraction.plain import read_plain_text
from determinations.extraction.results import Damaged, ExtractedText, Limits, TooLarge, Unreadable

READY = {"ready": True}


def read_text(data: bytes, limits: Limits) -> ExtractedText:
    """The text of a PDF, a text file or a document; a picture file is scanned as a whole. Raises ``Unreadable``."""
    if len(data) > limits.bytes:
        raise TooLarge(f"The file has {len(data):,} bytes; {limits.bytes:,} are allowed.")
    match kind_of(data[:HEAD]):
        case Kind.PDF:
            return read_pdf_text(data, limits)
        case Kind.TEXT:
            return read_plain_text(data, limits)
        case Kind.ZIP:  # archives are unpacked where they arrive: this is a Word document that starts with a picture
            return read_formatted_text(Kind.WORD, data, limits)
        case kind if kind in FORMATTED_KINDS:
            return read_formatted_text(kind, data, limits)
        case kind if kind in PICTURE_KINDS:
            return ExtractedText("", (0,), 1, method="picture", to_scan=(0,))
        case _:
            raise Damaged("The file is neither a PDF, nor text or a document with text, nor a picture of a page.")


def serve(shared: int, limits: Limits) -> None:
    """Answer each incoming line with one line, until the other side closes."""
    _answer(READY)
    for line in sys.stdin:
        size = int(line)
        try:
            found = read_text(os.pread(shared, size, 0), limits)
            text = found.text.encode()
            os.ftruncate(shared, len(text))
            written = os.pwrite(shared, text, 0)
            answer: dict[str, object] = {
                "size": written, "offsets": found.page_offsets, "pages": found.pages, "method": found.method,
                "to_scan": found.to_scan,
            }  # fmt: skip
        except Unreadable as reason:
            answer = {"state": reason.state, "message": str(reason)}
        except MemoryError:
            answer = {"state": TooLarge.state, "message": "Reading the file takes more memory than allowed."}
        _answer(answer)


def _answer(words: Mapping[str, object]) -> None:
    sys.stdout.write(json.dumps(words) + "\n")
    sys.stdout.flush()


def main() -> None:
    """``child SHARED_FD LIMITS_AS_JSON PARENT_PID``"""
    shared, limits, parent = int(sys.argv[1]), Limits(**json.loads(sys.argv[2])), int(sys.argv[3])
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent handles Ctrl-C
    warm_up()
    limit(limits.memory_bytes)
    if os.getppid() != parent:  # the parent ended before it could be watched
        return
    shut_in()
    serve(shared, limits)


if __name__ == "__main__":
    main()
