"""Which rows of each table an account sees that is limited to offices, and which columns one that sees masked cases.

Every table of the product is named once: in ``RULES``, or in ``SHARED`` if its rows concern no letter. A table that is
missing here fails ``migrate``, so a new one cannot be forgotten. ``visible_rows`` makes the views.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from determinations.access.scope import OFFICES, SETS
from determinations.models.office_fields import COLUMNS

#: Columns that masked views replace, by the SQL of their value there.
Masks = Mapping[str, str]

_IN_SETS = f"office_set_id = ANY (current_setting('{SETS}')::smallint[])"
_IN_OFFICES = f"ANY (current_setting('{OFFICES}')::smallint[])"
_NOTHING, _EMPTY, _NO_NAMES = "NULL", "''", "'{}'"
#: Of the marks that items leave on their case (``cases.item_marks``), those that say nothing of the patient.
_OPEN_MARKS = """ARRAY(SELECT mark FROM unnest(entry.said_of_items) AS mark WHERE split_part(mark, '=', 1) IN
    ('decision', 'claims_family', 'reviewer_family', 'same_guideline', 'partly_approved'))"""


@dataclass(frozen=True, slots=True)
class Rule:
    """A table whose rows belong to letters.

    ``visible``: the condition for a limited account, in which ``entry`` is a row of the table and tables without a
    schema have visible rows only. ``masks``: the columns that a masked view replaces; None: it has no rows at all.
    """

    visible: str
    masks: Masks | None = None
    #: Columns that views of a limited account replace, for rows of staff of other offices.
    limited: Masks = field(default_factory=dict)


#: The office's own fields: claim numbers, employers and what else an office keeps.
_OFFICE_FIELDS = dict.fromkeys(COLUMNS, _NOTHING)
_VALUES_OF_CASE = f"(ARRAY[{', '.join(f'seen.{column}' for column in COLUMNS)}])"  # as the index of cases has it


#: What stands in place of the name of a user who works for other offices alone. A letter that several offices have
#: shows each of them what the others' staff did to it, but neither their names nor their notes.
OTHER_STAFF = "staff of another office"
_ACCOUNT_OF_OTHERS = (
    "EXISTS (SELECT FROM {tables}.determinations_account AS account{named} WHERE account.user_id = {user}"
    f" AND NOT account.office_ids && current_setting('{OFFICES}')::smallint[])"
)
_BY_OTHERS = _ACCOUNT_OF_OTHERS.replace("{named}", "").replace("{user}", "entry.by_id")
#: The names of users in limited views, and the notes on corrections.
USER_NAMES = {
    column: f"CASE WHEN {_ACCOUNT_OF_OTHERS.replace('{named}', '').replace('{user}', 'entry.id')} THEN '{value}'"
    f" ELSE entry.{column} END"
    for column, value in (("username", OTHER_STAFF), ("first_name", ""), ("last_name", ""), ("email", ""))
}


def _names(*columns: str) -> Masks:
    """The columns that hold the name of a user, as limited views show them."""
    user = ", {tables}.auth_user AS person"
    return {
        column: "CASE WHEN "
        + _ACCOUNT_OF_OTHERS.replace("{named}", user).replace(
            "{user}", f"person.id AND person.username = entry.{column}"
        )
        + f" THEN '{OTHER_STAFF}' ELSE entry.{column} END"
        for column in columns
    }


def _note_of(column: str, author: str) -> Masks:
    """A note whose author is known by name only: not shown if that is a user of other offices, or no longer known."""
    by_others = _ACCOUNT_OF_OTHERS.replace("{named}", ", {tables}.auth_user AS person").replace(
        "{user}", f"person.id AND person.username = entry.{author}"
    )
    return {column: f"CASE WHEN entry.{author} = '' OR {by_others} THEN '' ELSE entry.{column} END"}


_MERGED_VALUES = """SELECT entry.id UNION ALL SELECT other.id FROM {tables}.determinations_officevalue AS other
    WHERE other.merged_into_id = entry.id OR other.id = entry.merged_into_id"""


def _in(table: str, key: str, column: str) -> str:
    """Rows that belong to a visible row of another table."""
    return f"EXISTS (SELECT FROM {{seen}}.determinations_{table} AS seen WHERE seen.{key} = entry.{column})"


def _of_letter(limited: Masks | None = None) -> Rule:
    return Rule(_in("letter", "id", "letter_id"), limited=limited or {})


#: By table without its prefix, after the tables that their conditions name.
RULES: Mapping[str, Rule] = {
    "letter": Rule(f"entry.{_IN_SETS}", {"message": _EMPTY}),
    "case": Rule(
        f"entry.{_IN_SETS}",
        {
            "age": _NOTHING,
            "sex": _EMPTY,
            "date_of_injury": _NOTHING,
            "licensure": _NO_NAMES,
            "specialties": _NO_NAMES,
            "said_of_items": _OPEN_MARKS,
            "problem_codes": _NO_NAMES,
            "all_problem_codes": _NO_NAMES,
            "searched_hash": "0",
            "due_on": _NOTHING,
            "problem_count": "0",
            "corrected": "false",
            **_OFFICE_FIELDS,
        },
    ),
    "itemfact": Rule(
        f"entry.{_IN_SETS}",
        {
            "age": _NOTHING,
            "sex": _EMPTY,
            "date_of_injury": _NOTHING,
            "claim_age": _NOTHING,
            "body_region": _EMPTY,
            "licensure": _NO_NAMES,
            "specialties": _NO_NAMES,
            "problem_codes": _NO_NAMES,
            "grounds": _NO_NAMES,
            "corrected": "false",
            **_OFFICE_FIELDS,
        },
    ),
    "casetext": Rule(
        _in("case", "letter_id", "case_id"), {"summary": _EMPTY, "packed_summary": _NOTHING, "search": _NOTHING}
    ),
    "disputeditem": Rule(
        _in("case", "letter_id", "case_id"),
        {"body_region": _EMPTY, "problem_codes": _NO_NAMES, "grounds": _NO_NAMES, "category_rule": _EMPTY},
    ),
    "itemtext": Rule(
        _in("disputeditem", "id", "item_id"),
        {
            "rationale": _EMPTY,
            "claims_text": _EMPTY,
            "reviewer_text": _EMPTY,
            **dict.fromkeys(("packed_rationale", "packed_claims_text", "packed_reviewer_text", "search"), _NOTHING),
        },
    ),
    "citation": Rule(_in("disputeditem", "id", "item_id"), {"printed": _EMPTY}),
    "citationfact": Rule(_in("itemfact", "item_id", "fact_id"), {}),
    "lettertally": Rule("false"),  # counts of all letters: limited accounts count theirs
    "lettertext": _of_letter(),
    "scannedpage": _of_letter(),
    "parseddocument": _of_letter(),
    "drawing": _of_letter(),
    "lettersignature": _of_letter(),
    "damagedtext": _of_letter(),
    "problemreport": Rule(f"{_in('letter', 'id', 'letter_id')} AND NOT {_BY_OTHERS}"),
    "reviewentry": _of_letter(),
    "printedcitation": _of_letter(),
    "receipt": _of_letter(),
    "duty": _of_letter({**_names("closed_by_name"), **_note_of("note", "closed_by_name")}),
    "dutydocument": _of_letter(_names("by_name")),
    "reparseexample": _of_letter(),
    "reparserun": Rule("false"),  # runs read letters of all offices
    # Of the same offices: merging two others would show each office a letter of the other.
    "letterpair": Rule(
        "EXISTS (SELECT FROM {seen}.determinations_letter AS older JOIN {seen}.determinations_letter AS newer"
        " ON newer.office_set_id = older.office_set_id WHERE older.id = entry.older_id AND newer.id = entry.newer_id)"
    ),
    "correction": Rule(
        "EXISTS (SELECT FROM {seen}.determinations_letter AS seen"
        " WHERE seen.sha256 = entry.letter_sha256 AND seen.part = entry.letter_part)",
        limited={**_names("by_name"), "note": f"CASE WHEN {_BY_OTHERS} THEN '' ELSE entry.note END"},
    ),
    "removedletter": Rule(f"entry.{_IN_SETS}"),
    "upload": Rule(f"entry.office_id = {_IN_OFFICES}"),
    # A file of a batch that brought letters for several offices is visible to those that its letter belongs to.
    "uploadedfile": Rule(
        f"{_in('upload', 'id', 'upload_id')} OR {_in('letter', 'id', 'letter_id')}"
        " AND EXISTS (SELECT FROM {tables}.determinations_upload AS batch"
        " WHERE batch.id = entry.upload_id AND batch.office_id IS NULL)"
    ),
    "unopenedfile": Rule(_in("uploadedfile", "id", "file_id")),
    "searchword": Rule(f"entry.office_sets && current_setting('{SETS}')::smallint[]"),
    # What users of these offices did besides opening letters: signing in, exporting lists.
    "auditevent": Rule(
        f"{_in('letter', 'id', 'letter_id')} AND NOT {_BY_OTHERS} OR entry.letter_id IS NULL AND EXISTS ("
        "SELECT FROM {tables}.determinations_account AS account"
        f" WHERE account.user_id = entry.by_id AND account.office_ids <@ current_setting('{OFFICES}')::smallint[])"
    ),
    "auditalert": Rule(
        "EXISTS (SELECT FROM {tables}.determinations_account AS account"
        f" WHERE account.user_id = entry.by_id AND account.office_ids <@ current_setting('{OFFICES}')::smallint[])"
    ),
    # Also those of a case that belonged to one of the offices before: it is told that the case is gone.
    "changedcase": Rule(f"{_in('letter', 'id', 'letter_id')} OR entry.{_IN_SETS}", {}),
    "watch": Rule(f"entry.letter_id IS NULL OR {_in('letter', 'id', 'letter_id')}"),
    "watchedcase": _of_letter(),
    "webhookcase": _of_letter(),
    "notificationcase": _of_letter(),
    # Those that are about a case that the user may no longer see, or never might, are left out; reports are no cases.
    "notification": Rule(
        f"{_in('notificationcase', 'notification_id', 'id')} OR entry.kind IN ('report', 'no_report')",
        limited=_names("by_name"),
    ),
    "casework": _of_letter(),
    "legalhold": _of_letter(_names("placed_by_name", "released_by_name")),
    "archivedcase": _of_letter(_names("by_name")),
    "erasedletter": Rule("false"),  # no letter is left that would say which office it was of
    "tag": Rule("EXISTS (SELECT FROM {seen}.determinations_casework AS seen WHERE seen.tags @> ARRAY[entry.name])"),
    "casenote": Rule(f"{_in('letter', 'id', 'letter_id')} AND NOT {_BY_OTHERS}"),
    "earliernote": Rule(_in("casenote", "id", "note_id")),
    "casevalues": Rule(_in("case", "case_number", "case_number")),
    "valuechange": Rule(_in("case", "case_number", "case_number"), limited=_names("by_name")),
    # Values that a visible case has, or that were merged with one that it has.
    "officevalue": Rule(
        f"EXISTS (SELECT FROM {{seen}}.determinations_case AS seen WHERE {_VALUES_OF_CASE} && ARRAY({_MERGED_VALUES}))"
    ),
    "officeimport": Rule("false"),  # imports write to case numbers of all offices
    "officeimportrow": Rule("false"),
    "office": Rule(f"entry.id = {_IN_OFFICES}", {}),
}

#: Columns of the facts that masked accounts do not see: lists and statistics do not offer them.
MASKED_COLUMNS = frozenset(RULES["itemfact"].masks or ())

#: Tables that concern no letter, or only their own user: accounts, settings, rules, reference data.
SHARED = frozenset(
    {
        "account", "alarm", "apitoken", "arrivalrun", "arrivalsource", "arriveditem", "auditanchor", "auditlink",
        "auditpending", "auditstate", "authority", "authorityalias",
        "backuprecord", "setasideitem", "calendarfeed", "casechange", "category", "categoryrule",
        "closedday", "columnchoice", "columnfile", "correctionreason", "dutyrule", "dutysettings", "editionvalidity",
        "export", "factchange", "factlog", "filekeyinuse", "installation", "keptanswer",
        "mailpreference", "officefield", "officeset", "ownwrite", "reportrecipient", "reportrun", "reportschedule",
        "reviewsettings", "rowsaction", "savedreport", "savedview", "searchvocabulary", "seennews", "sentform",
        "sectionname", "signinlimit",
        "signinpolicy", "statewidefigure", "statisticslimits", "stoppedworker", "storedfilter", "storedpass",
        "storesurvey", "typedform", "webhook", "webhookdelivery",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Shadow:
    """A function that reads what masked views do not show, and what takes its place for them."""

    name: str
    arguments: str
    returns: str
    value: str = field(default="NULL")


#: The search words of texts, which indexes hold: no word of a masked text may be found.
SHADOWS = (
    Shadow("determinations_item_words", "item bigint", "tsvector"),
    Shadow("determinations_case_words", "letter bigint, hash bigint", "tsvector"),
)
