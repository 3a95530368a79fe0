"""Random synthetic letters as the parser might read them, and random events that change them."""

import random
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.contrib.auth.models import User
from django.http import QueryDict

from determinations.cases.effective import remove_letters
from determinations.corrections.actions import correct_field
from determinations.duties import records
from determinations.models import (
    ArchivedCase,
    CaseWork,
    Duty,
    DutySettings,
    DutyState,
    LegalHold,
    Letter,
    Notification,
    NotificationCase,
    Receipt,
    Upload,
    UploadedFile,
)
from determinations.parsing.categories import CATEGORIES
from determinations.parsing.citations import normalized_form
from determinations.wording.labels import AGE_BANDS, CLAIM_AGES, DAY_BANDS
from tests.corrections.letters import citation, document, item, problem, store_reading, stored_letter, stored_letters

NOW = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
AUTHORITIES = [
    "mtus/chronic-pain", "mtus/low-back", "mtus/shoulder", "mtus/opioids", "odg/pain", "odg/low-back",
    "acoem/unspecified", "other/unrecognised",
]  # fmt: skip
EDITIONS = ["2004", "2009", "2016", "2017", None]
SECTIONS = [
    "Opioids, criteria for use", "Physical therapy", "MRI", "Topical analgesics",
    "MRIs (magnetic resonance imaging)", "Topical Analgesics",  # other spellings of the previous two
]  # fmt: skip
CHOICES = [(name, below) for name, category in CATEGORIES.items() for below in category.subcategories][::3]
CHOICES += [("Pharmaceuticals", "Opioids"), ("Pharmaceuticals", "NSAIDs")]
SPECIALTIES = ["Psychiatry", "Family Practice", "Orthopedic Surgery", "Pain Management"]
STATES = ["California", "New York", "Texas"]
WORDS = ["lumbar spine MRI", "knee brace", "shoulder surgery", "cervical injection", "opioid refill"]
PROBLEMS = ["no_specialty", "no_reviewer_guideline", "date_order"]


def stored_world(chance: random.Random, letters: int) -> None:
    """Store this many random letters; all are recent enough to oblige to something, and some of it is done."""
    DutySettings.objects.update_or_create(pk=1, defaults={"recent_days": 30_000})
    stored = stored_letters(random_document(chance, number) for number in range(letters))
    upload = Upload.objects.create(pk=UPLOAD, started_at=NOW)
    UploadedFile.objects.bulk_create(
        UploadedFile(upload=upload, name=f"{letter.pk}.txt", outcome="accepted", letter=letter, received_at=NOW)
        for letter in stored[::2]
    )
    people = User.objects.create_user(f"worker-{chance.random()}")
    Receipt.objects.bulk_create(
        Receipt(letter=letter, received_on=chance.choice(_RECEIVED), by=people, at=NOW) for letter in stored[1::3]
    )
    owner, _new = User.objects.get_or_create(username="worker")
    CaseWork.objects.bulk_create(
        CaseWork(
            letter=letter, owner=chance.choice([owner, None]), status=chance.choice(["new", "authorizing", "done"]),
            tags=chance.choice([[], ["urgent"]]), changed_at=NOW,
        )
        for letter in stored[::3]
    )  # fmt: skip
    told = Notification.objects.create(pk=UPLOAD, user=owner, kind="assigned", at=NOW)
    NotificationCase.objects.bulk_create(NotificationCase(notification=told, letter=letter) for letter in stored[::4])
    ArchivedCase.objects.bulk_create(ArchivedCase(letter=letter, at=NOW) for letter in stored[2::5])
    LegalHold.objects.bulk_create(
        LegalHold(letter_id=letter.pk, reason="Synthetic", placed_by_id=owner.pk, placed_by_name="worker")
        for letter in stored[3::7]
    )
    records.refresh([letter.pk for letter in stored])
    closed = []
    for duty in Duty.objects.order_by("pk"):
        state = chance.choice([DutyState.OPEN, DutyState.OPEN, DutyState.DONE, DutyState.NOT_REQUIRED])
        if state != DutyState.OPEN:
            duty.closed_on = (duty.due_on or NOW.date()) + timedelta(days=chance.randrange(-3, 4))
            duty.state, duty.closed_at = state, NOW
            closed.append(duty)
    Duty.objects.bulk_create(  # they are there: a bulk update makes an expression for each value
        closed, update_conflicts=True, unique_fields=["letter", "item_number"],
        update_fields=["state", "closed_on", "closed_at"],
    )  # fmt: skip


_RECEIVED = [date(2016, 3, 1), date(2016, 7, 1), date(2017, 6, 1)]


GROUNDS = ["criteria_not_met", "first_line_not_tried", "no_benefit_shown", "criteria_met"]


def random_document(chance: random.Random, number: int | None = None) -> dict[str, Any]:
    """The parsed document of a letter, with gaps, contradictions and repetitions."""
    decided = date(2015, 11, 1) + timedelta(days=chance.randrange(0, 900))

    def day(before: int, missing: float = 0.15) -> str | None:
        if chance.random() < missing:
            return None
        return (decided - timedelta(days=chance.randrange(-3, before))).isoformat()

    items = [_random_item(chance) for _ in range(chance.choice([1, 1, 1, 2, 2, 3, 5]))]
    if chance.random() < 0.03:
        items = []
    return document(
        *items,
        problems=[problem(code, "specialties") for code in PROBLEMS if chance.random() < 0.1],
        case_number=None if chance.random() < 0.2 else f"CM16-{9_000_000 + (number or chance.randrange(10_000))}",
        decision_date=None if chance.random() < 0.15 else decided.isoformat(),
        date_of_injury=day(6000),
        ur_denial_date=day(120),
        application_received=day(90),
        date_assigned=day(60),
        priority=chance.choice(["standard", "standard", "expedited", None]),
        age=chance.choice([None, *range(15, 90, 7)]),
        sex=chance.choice(["male", "female", None]),
        licensure=chance.sample(STATES, chance.randrange(0, 3)),
        specialties=chance.sample(SPECIALTIES, chance.choice([0, 1, 1, 1, 2])),
    )


def _random_item(chance: random.Random) -> dict[str, Any]:
    category, subcategory = chance.choice(CHOICES)
    return item(
        chance.choice(WORDS),
        chance.choice(["upheld"] * 6 + ["overturned"] * 2 + [None]),
        partly_approved=chance.random() < 0.1,
        category=category,
        subcategory=subcategory,
        category_rule="test",
        claims=_random_citations(chance),
        reviewer=_random_citations(chance),
        grounds=[
            {"code": code, "rule": "test", "span": None}
            for code in chance.sample(GROUNDS, chance.choice([0, 1, 1, 2]))
        ],
    )


def _random_grounds(chance: random.Random) -> list[dict[str, Any]]:
    codes = chance.sample(GROUNDS, chance.choice([0, 1, 1, 2]))
    return [{"code": code, "rule": "test", "span": None} for code in codes]


def _random_citations(chance: random.Random) -> list[dict[str, Any]]:
    citations = {}
    for _ in range(chance.choice([0, 1, 1, 1, 2, 3])):
        authority, edition = chance.choice(AUTHORITIES), chance.choice(EDITIONS)
        cited = citation(authority, edition, *chance.sample(SECTIONS, chance.randrange(0, 3)))
        cited["pages"] = chance.sample(["23", "100-102", "7"], chance.randrange(0, 3))
        citations[authority, edition] = cited
    return list(citations.values())


def random_event(chance: random.Random, by: Any) -> str:
    """An upload, a re-parse, a newer version, a correction or a deletion. Returns which."""
    ids = list(Letter.objects.values_list("pk", flat=True))
    what = chance.choice(["upload", "upload", "re-parse", "version", "correction", "correction", "deletion"])
    if what == "upload" or len(ids) < 5:
        stored_letter(random_document(chance))
        return "upload"
    held = set(LegalHold.objects.values_list("letter_id", flat=True)) if what == "deletion" else set()
    letter = Letter.objects.get(pk=chance.choice([pk for pk in ids if pk not in held]))
    if what == "re-parse":
        store_reading(letter, random_document(chance, chance.randrange(40)), version="2")
    elif what == "version":
        number = letter.case.case_number
        again = random_document(chance)
        stored_letter({**again, "case_number": number})
    elif what == "correction":
        path, value = chance.choice([
            ("case_number", f"CM16-{9_000_000 + chance.randrange(40)}"), ("decision_date", "2016-06-15"),
            ("sex", "female"), ("priority", "expedited"), ("items/1/decision", "overturned"),
            ("items/1/decision", "upheld"),
        ])  # fmt: skip
        if not path.startswith("items") or letter.case.item_count:
            correct_field(letter.pk, path, value, by=by, now=NOW, reason="misread")
    else:
        remove_letters([letter.pk])
    return what


def random_query(chance: random.Random, names: Sequence[str] | None = None) -> QueryDict:
    """Filters with one or two values each: those of ``names``, or up to four."""
    query = QueryDict(mutable=True)
    for name in chance.sample(list(FILTERS), chance.choice([0, 1, 1, 2, 2, 3, 4])) if names is None else names:
        if (name == "subcategory" and "category" in query) or (name == "category" and "subcategory" in query):
            continue
        values = FILTERS[name]
        query.setlist(name, chance.sample(values, min(len(values), 1 if _single(name) else chance.choice([1, 1, 2]))))
    return query


def _single(name: str) -> bool:
    return name.endswith(("_from", "_to", "_words")) or name in (
        "q", "upload", "claims_section", "reviewer_section", "letter",
    )  # fmt: skip


_DAYS = ["2015-12-15", "2016-03-01", "2016-07-28", "2016-12-31", "2017-06-15", "2018-01-01"]
_FAMILIES = ["mtus", "acoem", "odg", "other", "none", "any"]
_DAY_BANDS = [band[0] for band in DAY_BANDS] + ["unknown", "known"]
_PARTS = [f"{key}@{section}" for key in AUTHORITIES[:3] for section in (*SECTIONS[:2], SECTIONS[-1])]
_EDITION_STATUSES = ["current", "superseded", "early", "undated", "unjudged"]
_OLD = ["any", "mtus/chronic-pain@2009", "mtus/low-back@2004", "mtus/chronic-pain@2016"]
_EDITIONS = ["mtus/chronic-pain@2009", "mtus/shoulder@2004", "odg/pain@", "mtus/opioids@2016"]
#: The upload that brought half of the letters.
UPLOAD = 7
#: Every filter of the item list.
FILTERS: dict[str, list[str]] = {
    **{f"{name}_{end}": _DAYS for name in ("decided", "denied", "received") for end in ("from", "to")},
    "injured_from": ["2005-01-01", "2012-06-01"],
    "injured_to": ["2010-12-31", "2015-01-01"],
    "undated": ["decided", "injured", "denied", "received"],
    "outcome": ["upheld", "overturned", "partly", "unknown"],
    "specialty": [*SPECIALTIES, "unknown"],
    "also_specialty": SPECIALTIES,
    "licensure": [*STATES, "unknown"],
    "also_licensure": STATES,
    "age": [*(band[0] for band in AGE_BANDS), "unknown"],
    "sex": ["male", "female", "unknown"],
    "priority": ["standard", "expedited", "unknown"],
    "decision": ["upheld", "overturned", "unknown"],
    "category": list(CATEGORIES),
    "subcategory": [f"{name}/{below}" for name, below in CHOICES],
    "region": ["lower back", "knee", "shoulder", "neck", "unknown"],
    "ground": [*GROUNDS, "unknown"],
    "also_ground": GROUNDS,
    "claims_family": _FAMILIES,
    "reviewer_family": _FAMILIES,
    "also_claims_family": _FAMILIES,
    "also_reviewer_family": _FAMILIES,
    "claims_without": _FAMILIES[:4],
    "reviewer_without": _FAMILIES[:4],
    "claims_authority": AUTHORITIES,
    "reviewer_authority": AUTHORITIES,
    "also_claims_authority": AUTHORITIES,
    "also_reviewer_authority": AUTHORITIES,
    "same_guideline": ["yes", "no"],
    "partly_approved": ["yes", "no"],
    "problem": PROBLEMS,
    "state": ["parsed", "needs_review"],
    "corrected": ["yes", "no"],
    "q": ["lumbar", "knee", "refill", "shoulder"],
    "request_words": ["cervical", "refill"],
    "rationale_words": ["synthetic", "nonsense"],
    "summary_words": ["synthetic", "nonsense"],
    "cites_words": ["topical", "shoulder", "criteria"],
    "reviewer_words": ["orthopedic", "texas"],
    "notes_words": ["nonsense"],
    "claim_age": [*(band[0] for band in CLAIM_AGES), "unknown"],
    "days_from_denial": _DAY_BANDS,
    "days_from_application": _DAY_BANDS,
    "days_from_assignment": _DAY_BANDS,
    "several_items": ["yes", "no"],
    "claims_edition": _EDITIONS,
    "reviewer_edition": _EDITIONS,
    "claims_cites": _PARTS,
    "reviewer_cites": _PARTS,
    "claims_section": ["opioid", "MRI", "ther"],
    "reviewer_section": ["TOPICAL", "criteria for", "no such section"],
    "duty": ["open", "met", "late", "done_undated", "not_required", "none"],
    "duty_rule": ["authorize", "reimburse"],
    "duty_due": ["known", "unknown"],
    "owner": ["nobody", "worker", "no such user"],
    "status": ["new", "authorizing", "done"],
    "archived": ["yes", "no"],
    "held": ["yes", "no"],
    "tag": ["urgent", "no such tag"],
    "letter": ["1,2,3", "7"],
    "told": [str(UPLOAD), "8"],
    "added_from": ["2016-01-01", "2030-01-01"],
    "added_to": ["2016-01-01", "2099-01-01"],
    "duty_of": ["nobody", "supervisor", "no such user"],
    "due_from": _DAYS,
    "due_to": _DAYS,
    "upload": [str(UPLOAD), "8"],
    "claims_page": [f"{key}@23" for key in AUTHORITIES],
    "reviewer_page": [f"{key}@7" for key in AUTHORITIES],
    "claims_superseded": _OLD,
    "reviewer_superseded": _OLD,
    "printed": [normalized_form(f"Synthetic other/unrecognised {edition}") for edition in ("2004", "2017", "")],
    "claims_standing": _EDITION_STATUSES,
    "reviewer_standing": _EDITION_STATUSES,
    "rest_of": ["category=Surgery", "sex=male&decision=upheld", "claims_family=mtus"],
}
