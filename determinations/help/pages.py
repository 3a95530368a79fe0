"""The pages of help, as they are written. They are read once per process."""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent / "pages"
_MARK = "+++\n"


class BadPage(Exception):
    """A page cannot be read as it is written; the message says which, and why."""


@dataclass(frozen=True, slots=True)
class HelpPage:
    """One task or subject. ``roles`` are those whose users can do it; empty for everyone.

    ``opens`` names the product's pages that it explains, ``related`` other pages of help.
    """

    slug: str
    title: str
    about: str
    roles: tuple[str, ...]
    opens: tuple[str, ...]
    related: tuple[str, ...]
    text: str

    def is_for(self, role: str) -> bool:
        """Whether users of this role can do what the page explains."""
        return not self.roles or role in self.roles


@dataclass(frozen=True, slots=True)
class Group:
    """Pages about one subject, in order."""

    title: str
    pages: tuple[HelpPage, ...]


@cache
def groups() -> Sequence[Group]:
    """All pages by subject, in the order of the contents. Raises :class:`BadPage`."""
    contents = tomllib.loads((FOLDER / "contents.toml").read_text(encoding="utf-8"))
    return [Group(group["title"], tuple(_read(slug) for slug in group["pages"])) for group in contents["group"]]


@cache
def all_pages() -> Mapping[str, HelpPage]:
    """All pages by their names in addresses, in the order of the contents."""
    return {page.slug: page for group in groups() for page in group.pages}


@cache
def page_about(url_name: str) -> HelpPage | None:
    """The page that explains a page of the product; the first in the contents if several do."""
    return next((page for page in all_pages().values() if url_name in page.opens), None)


def neighbors(page: HelpPage) -> tuple[HelpPage | None, HelpPage | None]:
    """The pages before and after this one."""
    pages = list(all_pages().values())
    at = pages.index(page)
    return (pages[at - 1] if at else None), (pages[at + 1] if at + 1 < len(pages) else None)


def written_pages() -> Iterator[str]:
    """The names of all files with pages, listed in the contents or not."""
    return (path.stem for path in sorted(FOLDER.glob("*.md")))


def _read(slug: str) -> HelpPage:
    try:
        written = (FOLDER / f"{slug}.md").read_text(encoding="utf-8")
        _, head, text = written.split(_MARK, 2)
        facts = tomllib.loads(head)
        return HelpPage(
            slug=slug,
            title=facts["title"],
            about=facts["about"],
            roles=tuple(facts.get("roles", ())),
            opens=tuple(facts.get("opens", ())),
            related=tuple(facts.get("related", ())),
            text=text,
        )
    except (OSError, ValueError, KeyError) as fault:
        raise BadPage(f"{slug}: {type(fault).__name__}: {fault}") from None
