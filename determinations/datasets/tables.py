"""The tables of the data set.

The de-identified data set follows 45 CFR 164.514(b)(2), as far as columns go: no number of a case or claim, of dates
only the year, no age above 89, no text that a person wrote about a patient. Names occur in no column. Numbers of
letters are replaced by keys that differ from one data set to the next, as does the order of the rows.
"""

from django.db.models import TextChoices

from determinations.datasets.columns import Column, Kind, Table, kept, left_out, long_text
from determinations.models.authorities import Family
from determinations.models.cases import Decision, Outcome
from determinations.models.citations import Side
from determinations.parsing.citations.printed_names import authorities
from determinations.parsing.grounds import GROUNDS

_CURRENT = "determinations_case c"
_ONLY_CURRENT = "WHERE c.superseded_by_id IS NULL"
#: What stands for a letter's number in a de-identified data set; the salt is forgotten when it is written.
_KEY = "left(encode(sha256(convert_to(':salt' || c.letter_id, 'UTF8')), 'hex'), 16)"
_LETTER = Column(
    "letter", Kind.TEXT, "c.letter_id::text", "The letter: joins the tables, and is in the address of its case.", _KEY,
    changed="A key that joins the tables of this data set and no other.",
)  # fmt: skip
_PRIORITIES = {"standard": "Standard", "expedited": "Expedited"}
_SEXES = {"female": "Female", "male": "Male"}
_ITEM = kept("item", Kind.INTEGER, "i.number", "Number of the item in its letter, from 1.")


def _named(choices: type[TextChoices]) -> dict[str, str]:
    return {str(value): str(label) for value, label in choices.choices}


def _listed(expression: str) -> str:
    """An array as text; what separates its parts occurs in no letter."""
    return f"array_to_string({expression}, chr(31))"


def _date(name: str, column: str, what: str) -> tuple[Column, Column]:
    """A date, and its year, which the de-identified data set keeps."""
    year = f"extract(year FROM c.{column})::int"
    return (
        left_out(f"{name}_date", Kind.DATE, f"c.{column}", f"{what}."),
        kept(f"{name}_year", Kind.INTEGER, year, f"{what}: the year."),
    )


#: Sources that the product does not know get a key of what the letter prints, or of what staff typed.
_KNOWN = ", ".join(f"'{authority.key}'" for authority in authorities())
_ONLY_KNOWN = "Empty unless the product knows it by itself."
_EDITION = r"substring(q.edition FROM '\m(?:(?:19|20)\d\d|\d{1,2}(?:st|nd|rd|th))\M')"


def _if_known(expression: str) -> str:
    return f"CASE WHEN a.key IN ({_KNOWN}) THEN {expression} END"


CASES = Table(
    "cases", "One row per case: a determination letter that no later version or better copy replaces.",
    f"FROM {_CURRENT} JOIN determinations_casetext t ON t.case_id = c.letter_id {_ONLY_CURRENT}", "",
    (
        _LETTER,
        left_out("case_number", Kind.TEXT, "c.case_number", "Number of the case, as the letter prints it."),
        kept("outcome", Kind.TEXT, "c.outcome", "Worked out from the decisions on the items.", _named(Outcome)),
        kept("items", Kind.INTEGER, "c.item_count", "Number of disputed items."),
        kept("items_overturned", Kind.INTEGER, "c.overturned_count", "Number of items whose denial was overturned."),
        *_date("decision", "decision_date", "Date of the determination"),
        *_date("injury", "date_of_injury", "Date of the injury"),
        *_date("ur_denial", "ur_denial_date", "Date of the utilization review denial"),
        *_date("application", "application_received", "Date on which the application for review was received"),
        *_date("assignment", "date_assigned", "Date on which the case was assigned"),
        kept("priority", Kind.TEXT, "nullif(c.priority, '')", "Standard or expedited review.", _PRIORITIES),
        Column(
            "age", Kind.INTEGER, "c.age", "Age of the employee in years.", "least(c.age, 90)",
            changed="90 means 90 and older.",
        ),
        kept("sex", Kind.TEXT, "nullif(c.sex, '')", "Sex of the employee.", _SEXES),
        kept("specialties", Kind.LIST, _listed("c.specialties"), "Specialties of the reviewer."),
        kept("licensure", Kind.LIST, _listed("c.licensure"), "States in which the reviewer is licensed."),
        long_text("summary", "t.summary", "Clinical summary."),
        kept("layout", Kind.TEXT, "c.layout", "Layout of the letter, as the parser names it."),
        kept("doubts", Kind.INTEGER, "c.problem_count", "Number of doubts that the parser reported for the letter."),
        kept("doubt_codes", Kind.LIST, _listed("c.all_problem_codes"), "Codes of these doubts."),
        kept("corrected", Kind.BOOLEAN, "c.corrected", "Staff corrected at least one value of the letter."),
    ),
)  # fmt: skip

ITEMS = Table(
    "items", "One row per disputed item of these cases.",
    f"FROM {_CURRENT} JOIN determinations_disputeditem i ON i.case_id = c.letter_id"
    " JOIN determinations_itemfact f ON f.item_id = i.id JOIN determinations_itemtext x ON x.item_id = i.id"
    f" JOIN determinations_category g ON g.id = i.category_id {_ONLY_CURRENT}", "i.number",
    (
        _LETTER,
        _ITEM,
        left_out("request", Kind.TEXT, "i.request", "The request, as the letter states it."),
        left_out("in_dispute", Kind.TEXT, "i.disputed", "The part of the request that is in dispute."),
        kept("decision", Kind.TEXT, "nullif(i.decision, '')", "The reviewer's decision.", _named(Decision)),
        kept("partly_approved", Kind.BOOLEAN, "i.partly_approved", "Utilization review approved a part."),
        kept("category", Kind.TEXT, "g.name", "Category of the treatment."),
        kept("subcategory", Kind.TEXT, "g.subcategory", "Subcategory of the treatment."),
        kept("category_rule", Kind.TEXT, "i.category_rule", "The rule that set the category, or staff."),
        kept("body_region", Kind.TEXT, "nullif(i.body_region, '')", "Region of the body, if the request names one."),
        kept("days_from_denial", Kind.INTEGER, "f.days_from_denial", "Days from the denial to the decision."),
        kept(
            "days_from_application", Kind.INTEGER, "f.days_from_application",
            "Days from the receipt of the application to the decision.",
        ),
        kept("days_from_assignment", Kind.INTEGER, "f.days_from_assignment", "Days from assignment to decision."),
        kept("claim_age", Kind.INTEGER, "f.claim_age", "Full years from the injury to the decision."),
        kept("same_authority", Kind.BOOLEAN, "f.same_authority", "Both sides cite at least one guideline in common."),
        long_text("rationale", "x.rationale", "The reviewer's rationale."),
        long_text("claims_text", "x.claims_text", "What the claims administrator relied on, as printed."),
        long_text("reviewer_text", "x.reviewer_text", "What the reviewer relied on, as printed."),
        kept("doubt_codes", Kind.LIST, _listed("i.problem_codes"), "Codes of the doubts about this item."),
    ),
)  # fmt: skip

CITATIONS = Table(
    "citations", "One row per guideline document or chapter that a side cites for an item.",
    f"FROM {_CURRENT} JOIN determinations_disputeditem i ON i.case_id = c.letter_id"
    " JOIN determinations_citation q ON q.item_id = i.id JOIN determinations_authority a ON a.id = q.authority_id"
    f" {_ONLY_CURRENT}", "i.number, q.side, q.position",
    (
        _LETTER,
        _ITEM,
        kept("side", Kind.TEXT, "q.side", "Who cites it.", _named(Side)),
        kept("position", Kind.INTEGER, "q.position", "Order in the printed sentence, from 0."),
        kept("family", Kind.TEXT, "a.family", "Source of the guideline.", _named(Family)),
        Column(
            "authority", Kind.TEXT, "a.key", "Key of the guideline document or chapter.", _if_known("a.key"),
            changed=_ONLY_KNOWN,
        ),
        Column("authority_title", Kind.TEXT, "a.title", "Its title.", _if_known("a.title"), changed=_ONLY_KNOWN),
        Column(
            "edition", Kind.TEXT, "nullif(q.edition, '')", "Edition, as printed.", _EDITION,
            changed="Only its year or number.",
        ),
        left_out("sections", Kind.LIST, _listed("q.sections"), "Sections cited, as printed."),
        left_out("pages", Kind.LIST, _listed("q.pages"), "Pages cited, as printed."),
        left_out("printed", Kind.TEXT, "q.printed", "The citation, as printed."),
    ),
)  # fmt: skip

GROUNDS_TABLE = Table(
    "grounds", "One row per ground of the decision on an item, as read from the rationale or set by staff.",
    f"FROM {_CURRENT} JOIN determinations_disputeditem i ON i.case_id = c.letter_id,"
    f" unnest(i.grounds) WITH ORDINALITY AS r (code, place) {_ONLY_CURRENT}", "i.number, r.place",
    (
        _LETTER,
        _ITEM,
        kept("ground", Kind.TEXT, "r.code", "The ground.", {code: kind.label for code, kind in GROUNDS.items()}),
    ),
)  # fmt: skip

TABLES = (CASES, ITEMS, CITATIONS, GROUNDS_TABLE)

#: Columns of the database that the data set leaves out, by table, and why. A test holds the two lists to the schema.
NOT_IN_DATA_SET = {
    "case": {
        "superseded_by": "only current cases are in the data set",
        "is_copy": "only current cases are in the data set",
        "category_ids": "of the items",
        "claims_authority_ids": "of the citations",
        "reviewer_authority_ids": "of the citations",
        "said_of_items": "of the items",
        "problem_codes": "part of all_problem_codes",
        "state": "of the file, not of the case",
        "office_set": "of the office",
        "due_on": "of the office",
        "searched_hash": "for search",
        "added_at": "of the file, not of the case",
        "office": "of the office",
    },
    "disputeditem": {
        "id": "the letter and the number name an item",
        "category": "as category and subcategory",
        "grounds": "a table of its own",
    },
    "citation": {"id": "position names a citation of an item and side", "authority": "as key and title"},
}
