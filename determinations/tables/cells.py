"""Cells shared by list tables: words for empty values, names of guidelines, marks of doubt."""

from collections.abc import Iterable, Mapping
from datetime import date
from functools import lru_cache

from django.utils.safestring import SafeString, mark_safe

from determinations.templatetags.frame import day, icon
from determinations.wording.figures import counted
from determinations.wording.labels import AuthorityName
from determinations.wording.markup import markup

NUMBER = {"th": {"class": "number"}, "td": {"class": "number"}}


@lru_cache(maxsize=256)
def quiet(words: str) -> SafeString:
    """Words for a missing value."""
    return markup('<span class="quiet">{}</span>', words)


@lru_cache(maxsize=4096)
def date_cell(value: date | None) -> SafeString:
    """A date; "unknown" if the letter gives none."""
    return markup('<span class="nowrap">{}</span>', day(value)) if value else quiet("unknown")


def authority_names(ids: Iterable[int], by_id: Mapping[int, AuthorityName]) -> SafeString | str:
    """The short names of the guidelines one side cites; "nothing cited" for none."""
    names = tuple([by_id[pk].short for pk in ids if pk in by_id])
    return _cited(names) if names else quiet("nothing cited")


@lru_cache(maxsize=4096)
def _cited(names: tuple[str, ...]) -> SafeString:
    return two_lines("; ".join(names))


def two_lines(text: str) -> SafeString:
    """A long text: two lines, and all of it when its row has the pointer or the focus."""
    return markup('<span class="two-lines">{}</span>', text)


@lru_cache(maxsize=256)
def doubts(number: int) -> SafeString | str:
    """A mark with the number of doubts; empty for none."""
    if not number:
        return ""
    return markup(
        '<span class="badge is-doubt" title="{}">{} {}</span>',
        f"{counted(number, 'doubt')}: see the case",
        icon("warning"),
        number,
    )


def stacked(lines: Iterable[object]) -> SafeString:
    """One line below the other."""
    inner = "".join([markup("<div>{}</div>", each) for each in lines])
    return mark_safe(f'<div class="stacked">{inner}</div>')  # noqa: S308 - each line is escaped
