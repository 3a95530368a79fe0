"""The tables of uploads: files with their outcomes, and batches."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar

from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from determinations.extraction.contents import name_and_container
from determinations.extraction.kinds import DOCUMENT_NAMES
from determinations.models import Letter, Upload, UploadedFile
from determinations.models.letters import READABLE_STATES, LetterState
from determinations.models.uploads import FileOutcome
from determinations.tables.base import Column, ListTable
from determinations.tables.cells import NUMBER, quiet
from determinations.templatetags.frame import decision_badge
from determinations.wording.states import NO_LETTER_NEXT_STEP, OPENING, REFUSALS, RETRY_STATES, STATES, STOPPED_STATES

_BADGES = {"open": "is-plain", "done": "is-accent", "look": "is-doubt", "stopped": "is-danger"}


@dataclass(frozen=True, slots=True)
class FileRow:
    """One file, or one letter under the name of its first file, with its state in words and the next step."""

    name: str
    size: int
    letter: Letter | None
    label: str
    badge: str
    reason: str
    next_step: str
    case_number: str | None = None
    has_case: bool = False
    outcome: str = ""
    overturned: str = ""
    part: str = ""
    counts: int | None = None
    is_copy: bool = False
    unopened: int | None = None

    @property
    def row_url(self) -> str:
        """The case, if there is one."""
        return reverse("case_detail", args=[self.letter.pk]) if self.letter and self.has_case else ""

    @property
    def may_retry(self) -> bool:
        """Whether reading it again can help."""
        if self.letter is None or _is_no_letter_but_a_document(self.letter, self.name):
            return False
        return self.letter.state in RETRY_STATES


def _is_no_letter_but_a_document(letter: Letter, name: str) -> bool:
    """Whether the file name is that of a word processor document, and the file contains no letter."""
    return letter.state in STOPPED_STATES and name.lower().endswith(DOCUMENT_NAMES)


@dataclass(frozen=True, slots=True)
class CaseOfLetter:
    """What lists of files say of a letter's case. ``counts`` is the letter that counts in its place, if any."""

    number: str | None
    counts: int | None = None
    is_copy: bool = False
    outcome: str = ""
    overturned: str = ""


@dataclass(frozen=True, slots=True)
class KnownOfLetters:
    """What rows need of many letters at once: their cases, and how many letters their files hold."""

    cases: Mapping[int, CaseOfLetter]
    letters_in_file: Mapping[str, int]


def row_of_file(file: UploadedFile, known: KnownOfLetters, *, may_remove: bool = False) -> FileRow:
    """A file of a batch; its letter is loaded already. ``may_remove``: if it is not opened yet."""
    if file.outcome == FileOutcome.OPENING:
        return FileRow(
            file.name, file.size, None, OPENING.label, "is-plain", OPENING.explanation, OPENING.next_step,
            unopened=file.pk if may_remove else None,
        )  # fmt: skip
    if file.letter is None:
        refusal = REFUSALS.get(file.reason)
        label = f"Refused: {refusal.label.lower()}" if refusal else "Refused"
        next_step = refusal.next_step if refusal else ""
        return FileRow(file.name, file.size, None, label, "is-danger", file.message, next_step)
    row = row_of_letter(file.letter, file.name, known)
    if file.outcome != FileOutcome.DUPLICATE:
        return row
    letters = known.letters_in_file.get(file.letter.sha256, 1)
    counts = ", which counts" if row.has_case and row.counts is None else ""
    reason = f"This file is already in the system as letter {file.letter.pk} ({row.label.lower()}){counts}."
    return replace(
        row,
        size=file.size,
        label="Duplicate",
        badge="is-plain",
        reason=reason,
        next_step="Nothing to do.",
        part=f"This file holds {letters} letters." if letters > 1 else "",
    )


def row_of_letter(letter: Letter, name: str, known: KnownOfLetters) -> FileRow:
    """A letter under the name of one of its files."""
    words = STATES[letter.state]
    case = known.cases.get(letter.pk)
    return FileRow(
        name=name,
        size=letter.size,
        letter=letter,
        label=_label_of(letter),
        badge=_BADGES[words.severity],
        reason="" if words.severity == "done" else letter.message or words.explanation,
        next_step=NO_LETTER_NEXT_STEP if _is_no_letter_but_a_document(letter, name) else words.next_step,
        case_number=case.number if case else None,
        has_case=case is not None and letter.state in READABLE_STATES,
        outcome=case.outcome if case else "",
        overturned=case.overturned if case else "",
        part=_part_of_file(letter, known.letters_in_file.get(letter.sha256, 1)),
        counts=case.counts if case else None,
        is_copy=bool(case and case.is_copy),
    )


def _label_of(letter: Letter) -> str:
    """The state in words; of a scan that is being read, the page."""
    if letter.state == LetterState.PARSING and letter.pages_to_scan:
        at = min((letter.pages_scanned or 0) + 1, letter.pages_to_scan)
        return f"Reading page {at} of {letter.pages_to_scan}"
    return STATES[letter.state].label


def _part_of_file(letter: Letter, letters: int) -> str:
    """Which letter of its file it is, where the file holds several."""
    if letters < 2:
        return ""
    held = f"This file holds {letters} letters"
    if not letter.first_page:
        return f"{held}."
    one = letter.first_page == letter.last_page
    pages = f"page {letter.first_page}" if one else f"pages {letter.first_page}–{letter.last_page}"
    return f"{held}; this one is on {pages} of {letter.pages}."


class FileTable(ListTable):
    """One row per file. ``retry`` is hidden from users without the permission."""

    caption = "Files and their outcomes"

    name = Column(verbose_name="File", empty_values=())
    state = Column(verbose_name="State", empty_values=())
    reason = Column(verbose_name="Reason and next step", empty_values=())
    case = Column(verbose_name="Case", empty_values=())
    outcome = Column(verbose_name="Outcome", empty_values=())
    retry = Column(verbose_name="Retry", empty_values=())

    class Meta:
        sequence = ("name", "state", "case", "outcome", "reason", "retry")

    def render_name(self, record: FileRow) -> SafeString:
        """The original file name, the archive or message it came in, the size, and which letter of the file it is."""
        name, container = name_and_container(record.name)
        return format_html(
            '<span class="file-name">{}</span>{} <span class="quiet small nowrap">{}</span>{}',
            name,
            format_html(' <span class="quiet small">in {}</span>', container) if container else "",
            filesizeformat(record.size),
            format_html('<br><span class="quiet small">{}</span>', record.part) if record.part else "",
        )

    def render_state(self, record: FileRow) -> SafeString:
        """The state in words."""
        return format_html('<span class="badge {}">{}</span>', record.badge, record.label)

    def render_reason(self, record: FileRow) -> SafeString | str:
        """The reason and the next step; empty if all is well."""
        words = (record.reason, record.next_step, _other_that_counts(record))
        return format_html('<span>{} <span class="quiet">{}</span>{}</span>', *words) if any(words) else ""

    def render_case(self, record: FileRow) -> SafeString:
        """The link to the case."""
        if not record.has_case:
            return quiet("none")
        return format_html(
            '<a class="main-link nowrap" href="{}">{}</a>', record.row_url, record.case_number or "(no number)"
        )

    def render_outcome(self, record: FileRow) -> SafeString | str:
        """What the letter decides, and how many of its items it overturns."""
        return decision_badge(record.outcome, record.overturned) if record.has_case else ""

    def render_retry(self, record: FileRow) -> SafeString | str:
        """The button that retries this letter, or removes an unopened file; each belongs to a form of the page."""
        if record.unopened is not None:
            return format_html(
                '<button class="button is-small" type="submit" form="remove-unopened" name="file" value="{}"'
                ' aria-label="Remove {}">Remove</button>',
                record.unopened,
                record.name,
            )
        if not record.may_retry or record.letter is None:
            return ""
        return format_html(
            '<button class="button is-small" type="submit" form="retry-one" name="letter" value="{}"'
            ' aria-label="Read {} again">Read again</button>',
            record.letter.pk,
            record.name,
        )


def _other_that_counts(record: FileRow) -> SafeString | str:
    """The letter that counts in place of this one, with a link."""
    if record.counts is None:
        return ""
    return format_html(
        ' <span class="quiet">{} <a href="{}">letter {}</a>, which counts.</span>',
        "This is another copy of" if record.is_copy else "There is a later version of this case:",
        reverse("case_detail", args=[record.counts]),
        record.counts,
    )


@dataclass(frozen=True, slots=True)
class BatchRow:
    """One upload with its counts."""

    upload: Upload
    who: str
    counts: Mapping[str, int]

    @property
    def row_url(self) -> str:
        """The batch."""
        return reverse("upload_detail", args=[self.upload.pk])


class BatchTable(ListTable):
    """One row per upload, newest first."""

    caption = "Uploads"
    counted: ClassVar = ("files", "waiting", "parsed", "look", "failed", "duplicate", "refused")

    started = Column(verbose_name="Uploaded", empty_values=())
    who = Column(verbose_name="By")
    files = Column(verbose_name="All", empty_values=(), attrs=NUMBER)
    waiting = Column(verbose_name="Waiting", empty_values=(), attrs=NUMBER)
    parsed = Column(verbose_name="Parsed", empty_values=(), attrs=NUMBER)
    look = Column(verbose_name="Needs review", empty_values=(), attrs=NUMBER)
    failed = Column(verbose_name="Could not be read", empty_values=(), attrs=NUMBER)
    duplicate = Column(verbose_name="Duplicates", empty_values=(), attrs=NUMBER)
    refused = Column(verbose_name="Refused", empty_values=(), attrs=NUMBER)

    def render_started(self, record: BatchRow) -> SafeString:
        """The time, which links to the batch, and the note."""
        from django.utils.timezone import localtime

        at = localtime(record.upload.started_at)
        return format_html(
            '<a class="main-link nowrap" href="{}">{}</a> <span class="quiet">{}</span>',
            record.row_url,
            f"{at:%b} {at.day}, {at.year}, {at:%H:%M}",
            record.upload.note,
        )

    def _count(self, record: BatchRow, key: str) -> SafeString | str:
        number = record.counts.get(key, 0)
        if not number:
            return ""
        query = "" if key == "files" else f"?state={key}"
        return format_html('<a href="{}{}">{}</a>', record.row_url, query, f"{number:,}")

    def render_files(self, record: BatchRow) -> SafeString | str:
        """Everything that came; a file with several letters counts once for each."""
        return self._count(record, "files")

    def render_waiting(self, record: BatchRow) -> SafeString | str:
        """Not read yet."""
        return self._count(record, "waiting")

    def render_parsed(self, record: BatchRow) -> SafeString | str:
        """Read without a doubt."""
        return self._count(record, "parsed")

    def render_look(self, record: BatchRow) -> SafeString | str:
        """Read, with doubts for staff."""
        return self._count(record, "look")

    def render_failed(self, record: BatchRow) -> SafeString | str:
        """Without a case."""
        return self._count(record, "failed")

    def render_duplicate(self, record: BatchRow) -> SafeString | str:
        """Already in the system."""
        return self._count(record, "duplicate")

    def render_refused(self, record: BatchRow) -> SafeString | str:
        """Not accepted."""
        return self._count(record, "refused")
