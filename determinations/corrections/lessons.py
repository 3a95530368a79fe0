"""What corrections say about the parser: its accuracy by field and version on values that staff checked, and checked
letters as records that can become test cases of the parser."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from django.db import connection

from determinations.cases.fields import ITEM_FIELDS, LETTER_FIELDS
from determinations.cases.open_letter import DamagedLetter, OpenLetter, open_letter
from determinations.cases.readable_values import note_damaged
from determinations.corrections.actions import unconfirmed
from determinations.models import Correction, DamagedValue, Letter, UploadedFile
from determinations.models.corrections import IN_FORCE
from determinations.parsing.results import CitationRecord, CitedRecord, ExpectedItem, ExpectedRecord, ItemRecord

#: The figures cover this many of the newest corrections.
MOST_COUNTED = 500_000


class CheckedRecord(ExpectedRecord):
    """``checked`` names the values that staff set or confirmed: only these are known to be right."""

    checked: list[str]


@dataclass(frozen=True, slots=True)
class Accuracy:
    """Of the checked values of one field, how many one parser version had read correctly."""

    field: str
    version: str
    right: int
    checked: int

    @property
    def percent(self) -> float:
        """The share, 0 to 100."""
        return 100 * self.right / self.checked


def accuracy(*, most: int = MOST_COUNTED) -> list[Accuracy]:
    """By field and version, from the ``most`` newest corrections.

    A version is compared with a checked value if it had read it when it was checked, or has read the letter since.
    Items that staff added or removed count as the field ``items``, read wrong.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH looked AS (
                SELECT CASE WHEN operation IN ('set', 'confirm') THEN regexp_replace(path, '^.*/', '') ELSE 'items' END
                        AS field,
                    letter_id, parser_version, parser_value = new_value AS was_right,
                    state = 'confirmed' AS is_right
                FROM determinations_correction
                WHERE state = ANY(%s) AND operation NOT IN ('dismiss', 'reorder_items') ORDER BY id DESC LIMIT %s
            ), held AS (
                SELECT field, parser_version, field <> 'items' AND COALESCE(was_right, false) AS is_right
                FROM looked WHERE parser_version <> ''
                UNION ALL
                SELECT looked.field, parsed.parser_version, looked.is_right FROM looked
                JOIN determinations_parseddocument parsed ON parsed.letter_id = looked.letter_id
                WHERE parsed.parser_version NOT IN ('', looked.parser_version)
            )
            SELECT field, parser_version, count(*) FILTER (WHERE is_right), count(*) FROM held GROUP BY 1, 2
            """,
            [[str(state) for state in IN_FORCE], most],
        )
        figures = [Accuracy(*row) for row in cursor.fetchall()]
    order = [*LETTER_FIELDS, *ITEM_FIELDS, "items"]
    return sorted(figures, key=lambda one: (order.index(one.field) if one.field in order else len(order), one.version))


def checked_letters() -> list[int]:
    """The IDs of letters that staff have checked, in whole or in part."""
    corrected = Correction.objects.filter(state__in=IN_FORCE).values("letter_id")
    return list(Letter.objects.filter(pk__in=corrected).order_by("pk").values_list("pk", flat=True))


def taught_letters(letter_ids: Iterable[int], *, whole: bool) -> Iterator[OpenLetter]:
    """These letters, opened. ``whole``: only those with every value confirmed or corrected.

    Letters whose stored values are damaged are left out, and noted for administrators.
    """
    for pk in letter_ids:
        try:
            opened = open_letter(pk)
        except Letter.DoesNotExist:  # removed meanwhile
            continue
        except DamagedLetter:
            note_damaged([pk], DamagedValue.DOCUMENT)
            continue
        if not whole or not any(unconfirmed(opened)):
            yield opened


def expected_record(opened: OpenLetter) -> CheckedRecord:
    """The letter's effective values, as the record that parsing it should give."""
    record = opened.merged.record
    return {
        "file": file_name(opened.letter),
        "layout": record["layout"],
        "case_number": record["case_number"],
        "decision_date": record["decision_date"],
        "date_assigned": record["date_assigned"],
        "application_received": record["application_received"],
        "ur_denial_date": record["ur_denial_date"],
        "date_of_injury": record["date_of_injury"],
        "priority": record["priority"],
        "age": record["age"],
        "sex": record["sex"],
        "licensure": record["licensure"],
        "specialties": record["specialties"],
        "summary": record["summary"],
        "items": [_expected_item(item) for item in record["items"]],
        "checked": sorted(opened.path(*target) for target in opened.merged.standings),
    }


def _expected_item(item: ItemRecord) -> ExpectedItem:
    return {
        "number": item["number"],
        "request": item["request"],
        "disputed": item["disputed"],
        "partly_approved": item["partly_approved"],
        "decision": item["decision"],
        "category": item["category"],
        "subcategory": item["subcategory"],
        "claims_text": item["claims_text"],
        "reviewer_text": item["reviewer_text"],
        "claims": [_expected_citation(cited) for cited in item["claims"]],
        "reviewer": [_expected_citation(cited) for cited in item["reviewer"]],
        "rationale": item["rationale"],
    }


def _expected_citation(cited: CitationRecord) -> CitedRecord:
    return {
        "family": cited["family"],
        "authority": cited["authority"],
        "edition": cited["edition"],
        "sections": cited["sections"],
        "pages": cited["pages"],
    }


def file_name(letter: Letter) -> str:
    """The name of the letter's first upload; its ID if it has no upload."""
    name = UploadedFile.objects.filter(letter=letter).order_by("pk").values_list("name", flat=True).first()
    return name or f"letter-{letter.pk}"


def versions_of(figures: Sequence[Accuracy]) -> list[str]:
    """The parser versions in these figures, oldest first."""
    return sorted(
        {figure.version for figure in figures}, key=lambda version: [_number(part) for part in version.split(".")]
    )


def _number(part: str) -> tuple[int, str]:
    return (int(part), "") if part.isdigit() else (0, part)
