"""The process that opens untrusted files one by one and returns their text or the reason for refusal.

Started and controlled by ``reader.TextReader``. The file's bytes and the text travel in one shared memory file, the
pipes only carry short lines, so that neither side can hang on a full pipe. It holds no secrets: its environment is
empty, and it gives up access to other resources before the first file (see ``confine``).
"""

import os
from collections.abc import Callable

from determinations.extraction.answering import Answer, answer_lines
from determinations.extraction.formatted import read_formatted_text, warm_up
from determinations.extraction.kinds import FORMATTED_KINDS, HEAD, PICTURE_KINDS, Kind, kind_of
from determinations.extraction.pdf import read_pdf_text
from determinations.extraction.plain import read_plain_text
from determinations.extraction.results import Damaged, ExtractedText, Limits, TooLarge


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


def prepared(shared: int, limits: Limits) -> Callable[[str], Answer]:
    """Reads the file whose size a line gives, and puts its text in its place."""
    warm_up()

    def answer(line: str) -> Answer:
        found = read_text(os.pread(shared, int(line), 0), limits)
        text = found.text.encode()
        os.ftruncate(shared, len(text))
        return {
            "size": os.pwrite(shared, text, 0), "offsets": found.page_offsets, "pages": found.pages,
            "method": found.method, "to_scan": found.to_scan,
        }  # fmt: skip

    return answer


def main() -> None:
    """Read files, asked by ``reader.TextReader``."""
    answer_lines(prepared, lambda limits: limits.memory_bytes, "Reading the file takes more memory than allowed.")


if __name__ == "__main__":
    main()
