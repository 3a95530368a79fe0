"""What a search finds besides what was typed: a drug's other names, the words of an abbreviation."""

from dataclasses import dataclass
from functools import lru_cache

from determinations.searching.normal_form import term_of

#: Names that are shown; some drugs have forty.
_SHOWN = 8


@dataclass(frozen=True, slots=True)
class OtherNames:
    """A term as typed, other names that are found with it, and the search for this name alone."""

    typed: str
    others: tuple[str, ...]
    only: str


@lru_cache(maxsize=1024)
def other_names(text: str) -> OtherNames | None:
    """The other names of what was typed, if it is the name of one term and nothing else; None otherwise."""
    typed = " ".join(text.split())
    term = term_of(typed)
    if term is None:
        return None
    others = [form for form in (*term.forms, *term.capitals) if form.lower() != typed.lower()]
    quoted = f'"{typed}"' if " " in typed else typed
    return OtherNames(typed, tuple(others[:_SHOWN]), f"only:{quoted}")
