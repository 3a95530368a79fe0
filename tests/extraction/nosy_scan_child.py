"""A compromised scanning child that reports what it could still reach."""

from determinations.extraction.results import LIMITS
from determinations.extraction.scanning import child
from determinations.extraction.scanning.engine import Engine
from determinations.extraction.scanning.page import ReadPage
from determinations.extraction.scanning.page_pictures import PagePicture
from tests.extraction import nosy_child


def read_page(picture: PagePicture, engine: Engine) -> ReadPage:
    """A row with the names of the operations that succeeded."""
    tried = nosy_child.read_text(b"", LIMITS).text.split("\n")
    return ReadPage([(1, [(name.replace(" ", "_"), 99, False, (0.0, 0.0, 0.1, 0.1)) for name in tried])], 0)


if __name__ == "__main__":
    child.__dict__["read_page"] = read_page
    child.main()
