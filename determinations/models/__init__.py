"""The tables, in one module per subject."""

from determinations.models.accounts import Account, LimitKind, SignInLimit, SignInPolicy
from determinations.models.api import (
    ApiToken,
    ChangedCase,
    DeliveryState,
    KeptAnswer,
    TokenScope,
    Webhook,
    WebhookDelivery,
)
from determinations.models.arrivals import ArrivalRun, ArrivalSource, ArrivedItem
from determinations.models.audit import (
    AlertKind,
    AuditAlert,
    AuditAnchor,
    AuditEvent,
    AuditLink,
    AuditPending,
    AuditState,
)
from determinations.models.authorities import Authority, AuthorityAlias, Category, CategoryRule, PrintedCitation
from determinations.models.benchmarks import EditionValidity, Figure, StatewideFigure, StatisticsLimits
from determinations.models.browsing import ColumnChoice, Export, ProblemReport, SavedView, StoredFilter
from determinations.models.cases import Case, CaseText, DisputedItem, ItemText, Outcome
from determinations.models.casework import CaseNote, CaseWork, EarlierNote, RowsAction, Tag, WorkStatus
from determinations.models.citations import Citation, SectionName, Side
from determinations.models.columns import ColumnFile, FactLog
from determinations.models.corrections import Correction, CorrectionState, Operation
from determinations.models.drawings import Drawing, DrawingKind
from determinations.models.duplicates import LetterPair, LetterSignature, PairDecision, PairKind
from determinations.models.duties import (
    CalendarFeed,
    ClosedDay,
    Duty,
    DutyDocument,
    DutyRule,
    DutySettings,
    DutyState,
    Receipt,
    Service,
)
from determinations.models.facts import CitationFact, FactChange, ItemFact
from determinations.models.help import SeenNews
from determinations.models.installation import FileKeyInUse, Installation, StoppedWorker, StoredPass, StoreSurvey
from determinations.models.letters import Letter, LetterState, LetterText, ParsedDocument, RemovedLetter, ScannedPage
from determinations.models.notifications import (
    CaseChange,
    MailChoice,
    MailPreference,
    Notification,
    NotificationCase,
    Told,
    Watch,
    WatchedCase,
)
from determinations.models.office_fields import (
    CaseValues,
    FieldKind,
    ImportState,
    OfficeField,
    OfficeImport,
    OfficeImportRow,
    OfficeValue,
    RowOutcome,
    ValueChange,
)
from determinations.models.offices import Office, OfficeSet
from determinations.models.operations import Alarm, BackupRecord
from determinations.models.reparsing import ReparseExample, ReparseRun, RunState
from determinations.models.replica import OwnWrite
from determinations.models.reports import Frequency, ReportRecipient, ReportRun, ReportSchedule, SavedReport
from determinations.models.retention import ArchivedCase, ErasedLetter, ErasureReason, LegalHold
from determinations.models.reviews import CorrectionReason, ReviewEntry, ReviewSettings
from determinations.models.search import SearchVocabulary, SearchWord
from determinations.models.typed_forms import TypedForm
from determinations.models.uploads import UnopenedFile, Upload, UploadedFile

__all__ = [
    "Account",
    "Alarm",
    "AlertKind",
    "ApiToken",
    "ArchivedCase",
    "ArrivalRun",
    "ArrivalSource",
    "ArrivedItem",
    "AuditAlert",
    "AuditAnchor",
    "AuditEvent",
    "AuditLink",
    "AuditPending",
    "AuditState",
    "Authority",
    "AuthorityAlias",
    "BackupRecord",
    "CalendarFeed",
    "Case",
    "CaseChange",
    "CaseNote",
    "CaseText",
    "CaseValues",
    "CaseWork",
    "Category",
    "CategoryRule",
    "ChangedCase",
    "Citation",
    "CitationFact",
    "ClosedDay",
    "ColumnChoice",
    "ColumnFile",
    "Correction",
    "CorrectionReason",
    "CorrectionState",
    "DeliveryState",
    "DisputedItem",
    "Drawing",
    "DrawingKind",
    "Duty",
    "DutyDocument",
    "DutyRule",
    "DutySettings",
    "DutyState",
    "EarlierNote",
    "EditionValidity",
    "ErasedLetter",
    "ErasureReason",
    "Export",
    "FactChange",
    "FactLog",
    "FieldKind",
    "Figure",
    "FileKeyInUse",
    "Frequency",
    "ImportState",
    "Installation",
    "ItemFact",
    "ItemText",
    "KeptAnswer",
    "LegalHold",
    "Letter",
    "LetterPair",
    "LetterSignature",
    "LetterState",
    "LetterText",
    "LimitKind",
    "MailChoice",
    "MailPreference",
    "Notification",
    "NotificationCase",
    "Office",
    "OfficeField",
    "OfficeImport",
    "OfficeImportRow",
    "OfficeSet",
    "OfficeValue",
    "Operation",
    "Outcome",
    "OwnWrite",
    "PairDecision",
    "PairKind",
    "ParsedDocument",
    "PrintedCitation",
    "ProblemReport",
    "Receipt",
    "RemovedLetter",
    "ReparseExample",
    "ReparseRun",
    "ReportRecipient",
    "ReportRun",
    "ReportSchedule",
    "ReviewEntry",
    "ReviewSettings",
    "RowOutcome",
    "RowsAction",
    "RunState",
    "SavedReport",
    "SavedView",
    "ScannedPage",
    "SearchVocabulary",
    "SearchWord",
    "SectionName",
    "SeenNews",
    "Service",
    "Side",
    "SignInLimit",
    "SignInPolicy",
    "StatewideFigure",
    "StatisticsLimits",
    "StoppedWorker",
    "StoreSurvey",
    "StoredFilter",
    "StoredPass",
    "Tag",
    "TokenScope",
    "Told",
    "TypedForm",
    "UnopenedFile",
    "Upload",
    "UploadedFile",
    "ValueChange",
    "Watch",
    "WatchedCase",
    "Webhook",
    "WebhookDelivery",
    "WorkStatus",
]
