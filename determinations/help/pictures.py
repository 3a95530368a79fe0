"""The pictures of help: which page of the product each shows, as whom. ``manage.py help_pictures`` makes them."""

from collections.abc import Mapping
from dataclasses import dataclass

#: Pixels of every picture in width; pages are laid out for this width.
WIDTH = 1180


@dataclass(frozen=True, slots=True)
class Picture:
    """A part of a page from its top. ``address`` may hold IDs in braces, which the command fills in."""

    name: str
    address: str
    #: The account of the demo that sees the page.
    user: str
    height: int
    #: An element that is there once the page is ready.
    ready: str
    #: What is clicked before the picture is taken.
    clicks: tuple[str, ...] = ()

    @property
    def width(self) -> int:
        """Its width in pixels."""
        return WIDTH

    def file(self, scheme: str) -> str:
        """The name of its file below ``static``, in the color scheme ``light`` or ``dark``."""
        return f"help/{self.name}-{scheme}.avif"


_ALL = (
    Picture("home", "/?home=yes", "supervisor", 640, "#home-due"),
    Picture("list", "/cases/?outcome=overturned", "casemanager", 620, "#facet-outcome"),
    Picture(
        "rows", "/cases/?outcome=overturned", "casemanager", 560, "[data-rows-bar]",
        ("tbody tr:nth-child(1) [data-row]",),
    ),
    Picture("case", "/cases/{case}/?value=items/1/decision&show=text", "casemanager", 640, "#evidence"),
    Picture("search", "/search/?q=physical+therapy", "casemanager", 600, "mark"),
    Picture("uploads", "/uploads/", "casemanager", 560, "#batches"),
    Picture("batch", "/uploads/{upload}/", "casemanager", 560, "[data-rows]"),
    Picture("worklist", "/worklist/", "casemanager", 600, "[data-rows]"),
    Picture("duty", "/worklist/{duty}/", "casemanager", 640, "main h1"),
    Picture("similar", "/cases/{case}/items/1/alike/", "casemanager", 560, "[data-rows]"),
    Picture("statistics", "/statistics/", "supervisor", 660, ".tiles .figure"),
    Picture("grounds", "/statistics/grounds/", "supervisor", 640, "table.data"),
    Picture("treatment", "{treatment}", "supervisor", 660, "#questions"),
    Picture("review", "/admin/review/", "admin", 560, "[data-rows]"),
    Picture("correct", "/admin/review/{review}/", "admin", 640, ".fix"),
    Picture("accounts", "/people/", "admin", 560, "[data-rows]"),
    Picture("audit", "/audit/", "admin", 560, "table.data"),
    Picture("status", "/status/", "admin", 560, "td:has-text('Fine')"),
)  # fmt: skip

PICTURES: Mapping[str, Picture] = {picture.name: picture for picture in _ALL}
