"""Why an item was decided as it was: the grounds that the reviewer applies to this patient and this request.

A rationale quotes guidelines and then applies them. ``voices.toml`` tells these apart, ``rules.toml`` recognizes the
grounds, ``words.toml`` names the classes of words that both use.
"""

from determinations.parsing.grounds.codes import GROUNDS, GroundKind
from determinations.parsing.grounds.read import BOOK, Subject, read_grounds
from determinations.parsing.grounds.rules import Rule

__all__ = ["GROUNDS", "RULES", "GroundKind", "Rule", "Subject", "read_grounds"]

#: The rules in the order of their file.
RULES: tuple[Rule, ...] = BOOK.rules
