"""The letter: its file, its text, its state, and the latest parser result."""

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models.functions import Length, Now
from django.utils.translation import gettext_lazy as _

from determinations.models.offices import OfficeSet
from determinations.models.packed import PackedJSON, PackedText
from determinations.parsing.results import LetterRecord

models.CharField.register_lookup(Length)


class LetterState(models.TextChoices):
    """The processing state of a letter. States that need attention have a next step (see ``wording/states.py``)."""

    RECEIVED = "received", _("received")
    PARSING = "parsing", _("parsing")
    SCAN_WAITING = "scan_waiting", _("scanned, waiting to be read")
    PARSED = "parsed", _("parsed")
    NEEDS_REVIEW = "needs_review", _("needs review")
    UNKNOWN_LAYOUT = "unknown_layout", _("unknown layout")
    NOT_DETERMINATION = "not_determination", _("not a determination letter")
    OTHER_PROGRAMME = "other_programme", _("other type of review")
    NO_TEXT = "no_text", _("no text")
    PASSWORD_NEEDED = "password_needed", _("password needed")
    DAMAGED = "damaged", _("damaged")
    TOO_LARGE = "too_large", _("too large")
    TOO_MANY_PAGES = "too_many_pages", _("too many pages")
    TOO_SLOW = "too_slow", _("too slow to read")
    SET_ASIDE = "set_aside", _("set aside")


#: The letter has a case that lists and statistics show.
READABLE_STATES = (LetterState.PARSED, LetterState.NEEDS_REVIEW, LetterState.UNKNOWN_LAYOUT)
#: Work is under way or waiting for a worker.
OPEN_STATES = (LetterState.RECEIVED, LetterState.PARSING, LetterState.SCAN_WAITING)


class Lane(models.TextChoices):
    """Which queue carries the letter: users' uploads overtake bulk imports, and scans wait only for other scans."""

    INTERACTIVE = "interactive", _("interactive")
    BULK = "bulk", _("bulk")
    SCANS = "scans", _("scans")

    @property
    def waiting(self) -> LetterState:
        """The state of a letter that waits in this lane."""
        return LetterState.SCAN_WAITING if self is Lane.SCANS else LetterState.RECEIVED


#: Larger batches move to the bulk lane, behind smaller ones.
LARGEST_INTERACTIVE_BATCH = 500


#: The text method of files in which some or all pages are scanned.
SCAN = "scan"


class Letter(models.Model):
    """One letter of a stored file. Files are unique by their bytes and usually contain one letter.

    The row is the queue of record: the broker only carries its id. Part 1 is created when the file arrives; a worker
    that finds more letters in the file adds their rows. A part number never changes, because corrections refer to it;
    it does not reflect the order in which the letters are printed.
    """

    sha256 = models.CharField(max_length=64, help_text="of the file")
    part = models.SmallIntegerField(default=1, db_default=1, help_text="which letter of the file, from 1")
    size = models.PositiveBigIntegerField(help_text="bytes")
    media_type = models.CharField(max_length=100)
    pages = models.PositiveIntegerField(null=True, help_text="of the file")
    first_page = models.IntegerField(null=True, help_text="the letter's first page in its file, from 1")
    last_page = models.IntegerField(null=True, help_text="the letter's last page in its file")
    pages_set_by_hand = models.BooleanField(
        default=False, db_default=False, help_text="an administrator said which pages the letter has"
    )
    pages_to_scan = models.PositiveIntegerField(null=True, help_text="pages that are pictures of text")
    pages_scanned = models.PositiveIntegerField(null=True, help_text="of these, recognized so far")
    state = models.CharField(max_length=20, choices=LetterState.choices, default=LetterState.RECEIVED)
    message = models.CharField(max_length=500, blank=True, help_text="why the letter is in this state; no letter text")
    lane = models.CharField(max_length=12, choices=Lane.choices, default=Lane.INTERACTIVE)
    attempts = models.PositiveSmallIntegerField(default=0)
    received_at = models.DateTimeField()
    queued_at = models.DateTimeField(null=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    layout = models.CharField(max_length=40, blank=True)
    text_method = models.CharField(max_length=20, blank=True, help_text="how the text was obtained: pdf, text, scan")
    parser_version = models.CharField(max_length=20, blank=True)
    office_set = models.ForeignKey(
        OfficeSet,
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
        help_text="the offices that it belongs to; null: none, so that only accounts without a limit see it",
    )
    offices_changed = models.BooleanField(
        default=False, db_default=False, help_text="which letter of its case counts is to be settled again"
    )

    class Meta:
        indexes = [
            models.Index(
                fields=["state", "queued_at"], name="letter_waiting", condition=models.Q(state__in=OPEN_STATES)
            ),
            models.Index(fields=["state", "-id"], name="letter_state"),
            models.Index(fields=["parser_version", "id"], name="letter_parser_version"),
            models.Index(
                fields=["office_set", "state", "-id"],
                name="letter_office",
                condition=models.Q(office_set__isnull=False),
            ),
            models.Index(fields=["id"], name="letter_moved", condition=models.Q(offices_changed=True)),
        ]
        constraints = [
            models.CheckConstraint(name="letter_sha256_is_hex", condition=models.Q(sha256__regex=r"^[0-9a-f]{64}$")),
            models.UniqueConstraint(fields=["sha256", "part"], name="letter_part_of_file"),
        ]
        permissions = [
            ("upload_letters", "Can upload determination letters"),
            ("retry_letters", "Can have letters read again"),
            ("read_original", "Can open the original file of a letter"),
        ]

    def __str__(self) -> str:
        return f"Letter {self.pk}"

    @property
    def is_scan(self) -> bool:
        """Whether text of its file was recognized on scanned pages."""
        return self.text_method == SCAN

    @property
    def is_open(self) -> bool:
        """Whether it waits to be read, or is being read."""
        return self.state in OPEN_STATES

    @property
    def waits_for_scans(self) -> bool:
        """Whether scanned pages are being read or wait to be; what the file's pages of text say is read."""
        return self.is_open and self.lane == Lane.SCANS

    @property
    def unread_scans(self) -> int:
        """How many pages of the file are pictures that were not read, or not yet."""
        return (self.pages_to_scan or 0) - (self.pages_scanned or 0)

    @property
    def store_name(self) -> str:
        """The file's name in the letter store: two folder levels keep every folder to a few thousand entries."""
        return f"{self.sha256[:2]}/{self.sha256[2:4]}/{self.sha256}"

    @property
    def page_numbers(self) -> range:
        """The letter's pages by their numbers in the file; all pages of the file if no range is known."""
        return range(self.first_page or 1, (self.last_page or self.pages or 0) + 1)

    @property
    def is_whole_file(self) -> bool:
        """Whether the letter's pages are all pages of its file."""
        return self.page_numbers == range(1, (self.pages or 0) + 1)


class LetterTextQuerySet(models.QuerySet["LetterText"]):
    """Texts by letter."""

    def of(self, letter_id: int) -> "LetterText | None":
        """The row that holds the text of the letter's file; None if no text was extracted."""
        own = self.select_related("kept_with").filter(pk=letter_id).first()
        return own.of_file if own else None


class LetterText(models.Model):
    """The text extracted from the letter's file. Page n (from 0) starts at ``page_offsets[n]``.

    All spans count characters of the whole file's text, so that evidence stays valid when the letter's pages
    change. If a file has several letters, one row holds the text; the others refer to it in ``kept_with``.
    """

    letter = models.OneToOneField(Letter, primary_key=True, on_delete=models.CASCADE, related_name="text")
    text = PackedText()
    page_offsets = ArrayField(models.PositiveIntegerField(), default=list)
    kept_with = models.ForeignKey(
        "self", null=True, on_delete=models.RESTRICT, related_name="other_letters", db_index=False
    )
    start = models.IntegerField(null=True, help_text="where the letter itself begins in the text")
    end = models.IntegerField(null=True, help_text="where the letter itself ends in the text")
    folded_sha256 = models.CharField(
        max_length=64,
        help_text="of the letter's own text without white space: finds the same letter in other bytes",
    )

    objects = LetterTextQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["letter"], name="letter_text_earlier", condition=models.Q(text__isnull=True)),
            models.Index(fields=["folded_sha256"], name="letter_text_folded"),
            models.Index(
                fields=["kept_with"], name="letter_text_kept_with", condition=models.Q(kept_with__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"Text of letter {self.letter_id}"

    @property
    def of_file(self) -> "LetterText":
        """The row that holds the text of the file."""
        return self.kept_with or self


class ScannedPage(models.Model):
    """A scanned page of a file, with its recognized words.

    ``words`` is in the order of the text: ``[start, end, left, top, width, height, confidence, doubt, read as]``. The
    span counts characters of the file's text; the box is in fractions of the page turned upright; ``doubt`` is 0,
    1 for a word that may be wrong, 2 for one that was corrected to a fixed phrase; ``read as`` is null, or what the
    engine read before the correction.
    """

    letter = models.ForeignKey(
        Letter, on_delete=models.CASCADE, related_name="scanned_pages", help_text="the one whose row holds the text"
    )
    number = models.PositiveIntegerField(help_text="from 0")
    turn = models.PositiveSmallIntegerField(default=0, help_text="degrees clockwise that stand it upright")
    words: "models.JSONField[list[list[Any]], list[list[Any]]]" = models.JSONField(default=list)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["letter", "number"], name="scanned_page_once"),
        ]

    def __str__(self) -> str:
        return f"Scanned page {self.number + 1} of letter {self.letter_id}"


class ParsedDocument(models.Model):
    """The latest parser result for a letter: the complete record of ``parsing.results.to_record``."""

    letter = models.OneToOneField(Letter, primary_key=True, on_delete=models.CASCADE, related_name="parsed")
    parser_version = models.CharField(max_length=20)
    parsed_at = models.DateTimeField()
    document: "PackedJSON[LetterRecord]" = PackedJSON()
    grounds_version = models.SmallIntegerField(
        default=0,
        db_default=0,
        help_text="the form of the rules and weights that recognized the grounds (see reading.grounds_again)",
    )

    class Meta:
        indexes = [
            models.Index(fields=["grounds_version"], name="grounds_version"),
            models.Index(fields=["letter"], name="document_earlier", condition=models.Q(document__isnull=True)),
        ]

    def __str__(self) -> str:
        return f"Parsed letter {self.letter_id}"


class DamagedValue(models.TextChoices):
    """A packed value of a letter that cannot be unpacked."""

    TEXT = "text", _("the text of its file")
    DOCUMENT = "document", _("the record of what the parser read")
    SUMMARY = "summary", _("the summary of its case")
    ITEMS = "items", _("a text of an item")


class DamagedText(models.Model):
    """A letter with a damaged value (see ``cases.readable_values``), until that is found whole again."""

    letter = models.ForeignKey(Letter, on_delete=models.CASCADE, related_name="+", db_index=False)
    value = models.CharField(max_length=10, choices=DamagedValue.choices)
    found_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["letter", "value"], name="damaged_text_once")]

    def __str__(self) -> str:
        return f"Damaged {self.value} of letter {self.letter_id}"


class RemovedLetter(models.Model):
    """A letter that an administrator removed, and the retention of its file.

    No foreign keys: the letter no longer exists, and the row outlives the user who removed it.
    """

    letter_id = models.BigIntegerField()
    sha256 = models.CharField(max_length=64)
    part = models.SmallIntegerField(default=1, db_default=1)
    start = models.IntegerField(null=True, help_text="where the letter began in the text of its file")
    end = models.IntegerField(null=True, help_text="where the letter ended in the text of its file")
    reason = models.CharField(max_length=500)
    office_set = models.ForeignKey(OfficeSet, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    belonged = models.BooleanField(help_text="a letter of ours, whose file is kept for the years of retention")
    removed_at = models.DateTimeField()
    by_id = models.BigIntegerField()
    by_name = models.CharField(max_length=150)
    keep_until = models.DateField()
    deleted_at = models.DateTimeField(null=True, help_text="when the file was deleted")
    copies = ArrayField(
        models.BigIntegerField(),
        default=list,
        db_default=[],
        help_text="letters of which it was a copy, and on which its corrections stay in force",
    )

    class Meta:
        indexes = [
            models.Index(fields=["keep_until", "id"], name="removed_due", condition=models.Q(deleted_at=None)),
            models.Index(fields=["letter_id"], name="removed_letter"),
            GinIndex(fields=["copies"], name="removed_copies"),
        ]

    def __str__(self) -> str:
        return f"Removed letter {self.letter_id}"
