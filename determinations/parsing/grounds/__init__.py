"""Why an item was decided as it was: the grounds that the reviewer applies to this patient and this request.

A rationale quotes guidelines and then applies them. ``voices.toml`` tells these apart, ``rules.toml`` recognizes the
grounds, ``words.toml`` names the classes of words that both use. A small trained model (``model.txt``) completes what
the rules find where they do not know a wording.
"""

from determinations.parsing.grounds.codes import GROUNDS, GroundKind, reads_grounds
from determinations.parsing.grounds.read import Subject, grounds_by_rules, read_grounds
from determinations.parsing.grounds.rules import Rule, rule_book, version

__all__ = [
    "GROUNDS",
    "GroundKind",
    "Rule",
    "Subject",
    "grounds_by_rules",
    "read_grounds",
    "reads_grounds",
    "rule_book",
    "version",
]
