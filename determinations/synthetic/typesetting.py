"""Lines and pages of a letter, as a PDF of the real ones breaks them."""

_WIDTH = 95
_LINES_ON_A_PAGE = 46


def wrap(paragraph: str) -> list[str]:
    """The lines of a paragraph; each ends in a space, as text read from a PDF does. Breaks at spaces and hyphens."""
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
    """The lines of each page; a break falls wherever the page is full."""
    return [lines[at : at + _LINES_ON_A_PAGE] for at in range(0, len(lines), _LINES_ON_A_PAGE)]


def as_text(pages: list[list[str]], *, double_spaced: bool) -> str:
    """The letter as text: a form feed between pages, or an empty line after every line and more between pages."""
    if double_spaced:
        return "\n\n\n".join("\n\n".join(page) for page in pages) + "\n"
    return "\f".join("\n".join(page) + "\n" for page in pages)
