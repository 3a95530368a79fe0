"""The tables. One module a subject; see each for what its rows mean."""

from determinations.models.audit import AuditEvent
from determinations.models.authorities import Authority, AuthorityAlias, Category
from determinations.models.benchmarks import EditionValidity, Figure, StatewideFigure, StatisticsLimits
from determinations.models.browsing import ColumnChoice, Export, ProblemReport, SavedView
from determinations.models.cases import Case, CaseText, DisputedItem, ItemText, Outcome
from determinations.models.citations import Citation, Side
from determinations.models.corrections import Correction, CorrectionState, Operation
from determinations.models.facts import CitationFact, FactChange, ItemFact
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
    "CitationFact",
    "ColumnChoice",
    "Correction",
    "CorrectionState",
    "DisputedItem",
    "EditionValidity",
    "Export",
    "FactChange",
    "Figure",
    "ItemFact",
    "ItemText",
    "Letter",
    "LetterState",
    "LetterText",
    "Operation",
    "Outcome",
    "ParsedDocument",
    "ProblemReport",
    "SavedView",
    "Side",
    "StatewideFigure",
    "StatisticsLimits",
    "Upload",
    "UploadedFile",
]
