"""Breaks a letter into lines and pages, as in real PDFs."""

_WIDTH = 95
_LINES_ON_A_PAGE = 46


def wrap(paragraph: str) -> list[str]:
    """The lines of a paragraph, broken at spaces and hyphens. Every line ends in a space, as in text from PDFs."""
    lines = []
    start, length = 0, len(paragraph)
    while length - start > _WIDTH:
        limit = start + _WIDTH
        space = paragraph.rfind(" ", start, limit + 1)
        hyphen = paragraph.rfind("-", start, limit)
        if hyphen > space and paragraph[hyphen - 1].isalpha() and paragraph[hyphen + 1].isalpha():
            lines.append(paragraph[start : hyphen + 1] + " ")
            start = hyphen + 1
        else:
            lines.append(paragraph[start:space] + " ")
            start = space + 1
    lines.append(paragraph[start:] + " ")
    return lines


def paginate(lines: list[str]) -> list[list[str]]:
    """The lines of every page; a new page starts when one is full."""
    return [lines[at : at + _LINES_ON_A_PAGE] for at in range(0, len(lines), _LINES_ON_A_PAGE)]


def as_text(pages: list[list[str]], *, double_spaced: bool) -> str:
    """The letter as text, with form feeds between pages, or double-spaced with extra lines between pages."""
    if double_spaced:
        return "\n\n\n".join("\n\n".join(page) for page in pages) + "\n"
    return "\f".join("\n".join(page) + "\n" for page in pages)
