"""Typesets a report as PDF/UA-1: tagged, with its language and title, for screen readers and paper alike."""

import json
from dataclasses import asdict
from datetime import UTC
from functools import cache
from pathlib import Path

import reportlab
import typst

from determinations.reports.contents import Contents, Section
from determinations.reports.printing import printable

_TEMPLATE = Path(__file__).parent / "report.typ"


@cache
def _fonts() -> typst.Fonts:
    """The fonts of the packages alone, so that every machine typesets the same."""
    folder = Path(reportlab.__file__).parent / "fonts"
    return typst.Fonts(include_system_fonts=False, font_paths=[str(folder)])


def as_pdf(contents: Contents, *, author: str) -> bytes:
    """The report as PDF. It reads nothing but the template: no file of the machine, no network.

    The typesetter refuses what breaks the standard, such as a picture without words.
    """
    compiler = typst.Compiler(
        str(_TEMPLATE),
        root=str(_TEMPLATE.parent),
        font_paths=_fonts(),
        sys_inputs={"report": _as_json(contents, author)},
    )
    written = compiler.compile(
        format="pdf", pdf_standards=["ua-1"], timestamp=contents.made_at.astimezone(UTC).replace(microsecond=0)
    )
    if not isinstance(written, bytes):
        raise TypeError("The typesetter gave several files.")
    return written


def _as_json(contents: Contents, author: str) -> str:
    made = f"{contents.made_at:%b %-d, %Y}"
    notes = [line for line in contents.note.splitlines() if line.strip()]
    about = list(contents.about)
    said = [contents.title, contents.note, *about, *(cell for section in contents.sections for cell in _said(section))]
    if any(printable(text).count("?") > text.count("?") for text in said):
        about.append("Characters that the font of this file lacks are shown as “?”.")
    return json.dumps(
        {
            "title": printable(contents.title) or "Report",
            "author": printable(author),
            "made": made,
            "about": [printable(line) for line in about],
            "note": [printable(line) for line in notes],
            "sections": [_section(section) for section in contents.sections],
        }
    )


def _said(section: Section) -> list[str]:
    return [section.title, *section.heads, *(cell for row in section.rows for cell in row), *section.notes]


def _section(section: Section) -> dict[str, object]:
    return {
        "title": printable(section.title) or "Untitled",  # PDF/UA allows no heading without words
        "heads": [printable(head) for head in section.heads],
        "rows": [[printable(cell) for cell in row] for row in section.rows],
        "notes": [printable(line) for line in section.notes],
        "terms": [asdict(term) for term in section.terms],
        "chart": section.chart,
        "alt": printable(section.alt),
    }
