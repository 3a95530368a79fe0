"""The name under which an original file is sent: by its case, since the name it was uploaded under may be private."""

from determinations.extraction.kinds import Kind
from determinations.models import Letter

_ENDINGS = {
    Kind.PDF: "pdf", Kind.TEXT: "txt", Kind.TIFF: "tif", Kind.PNG: "png", Kind.JPEG: "jpg",
    Kind.WORD: "docx", Kind.OPEN_TEXT: "odt", Kind.RTF: "rtf", Kind.HTML: "html",
}  # fmt: skip


def name_of_original(letter: Letter, letters: int = 1) -> str:
    """Such as ``CM17-9000142.pdf``; ``letters`` is how many the file holds."""
    others = f"-and-{letters - 1}-more" if letters > 1 else ""
    return f"{_stem(letter)}{others}.{_ENDINGS.get(Kind(letter.media_type), 'bin')}"


def name_of_pages(letter: Letter, first: int, last: int) -> str:
    """Such as ``CM17-9000142-pages-3-4.pdf``."""
    return f"{_stem(letter)}-pages-{first}-{last}.pdf"


def _stem(letter: Letter) -> str:
    number = letter.case.case_number if hasattr(letter, "case") else None
    return number or f"letter-{letter.pk}"
