"""The table of a column file that has these sets: of what kinds they are, and what they stand for."""

from collections.abc import Mapping
from typing import TypeAlias

from pyroaring import BitMap

from determinations.models.found_by import item_sections, item_words
from determinations.parsing.results import SIDES
from determinations.searching.vectors import NOTES, REVIEWER, SUMMARY

FOUND = "found_bits"
DEFINITION = "kind VARCHAR, value VARCHAR, places BLOB"
WORDS = "words"
#: The kind of the names of sections, by the side that cites them.
SECTIONS: Mapping[str, str] = {side: f"sections of {side}" for side in SIDES}

#: The value of an empty set, the last of its kind, that says that there are no others.
COMPLETE = ""
#: The kind and the value of what is found.
Key: TypeAlias = tuple[str, str]
#: A kind, a value, and the places of the items that are found by it.
FoundSet: TypeAlias = tuple[str, str, BitMap]

#: Words begin with the field that they are in, those of all fields with nothing: these fields are of whole letters.
OF_LETTERS = (SUMMARY, REVIEWER, NOTES)
PREFIXES = ("", *OF_LETTERS)

#: The functions of the indexes that the sets stand for.
WORDS_FUNCTION, SECTIONS_FUNCTION = item_words().function, item_sections("").function
