"""The tables. One module a subject; see each for what its rows mean."""

from determinations.models.audit import AuditEvent
from determinations.models.authorities import Authority, AuthorityAlias, Category
from determinations.models.cases import Case, CaseText, DisputedItem, ItemText, Outcome
from determinations.models.citations import Citation, Side
from determinations.models.corrections import Correction
from determinations.models.facts import ItemFact
from determinations.models.letters import Letter, LetterState, LetterText, ParsedDocument
from determinations.models.uploads import Upload, UploadedFile

__all__ = [
    "AuditEvent",
    "Authority",
    "AuthorityAlias",
    "Case",
    "CaseText",
    "Category",
    "Citation",
    "Correction",
    "DisputedItem",
    "ItemFact",
    "ItemText",
    "Letter",
    "LetterState",
    "LetterText",
    "Outcome",
    "ParsedDocument",
    "Side",
    "Upload",
    "UploadedFile",
]
