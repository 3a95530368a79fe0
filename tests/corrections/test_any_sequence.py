"""In any sequence of changes by staff and parsers, effective values are the parsed values with corrections applied."""

from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from determinations.cases.effective import write_cases
from determinations.cases.fields import read as read_value
from determinations.cases.fields import same
from determinations.cases.merging import merge
from determinations.cases.open_letter import Change, CorrectionsRefused, open_letter
from determinations.corrections import actions, duplicates, removal
from determinations.models import (
    Authority,
    Case,
    Category,
    Citation,
    CitationFact,
    Correction,
    CorrectionState,
    DisputedItem,
    ItemFact,
    Letter,
    LetterPair,
    Operation,
    PairDecision,
    ParsedDocument,
)
from determinations.models.corrections import IN_FORCE, MergedItems
from determinations.parsing.results import SIDES, LetterRecord
from determinations.reference import aliases
from determinations.reference.aliases import Proposal
from determinations.reference.category_rules import active_rules, with_rules
from tests.corrections.letters import NOW, citation, document, item, stored_letter
from tests.fixtures.people import People

pytestmark = pytest.mark.django_db

WORDINGS = ["Knee brace", "MRI of the knee", "Norco 10/325 #60", "Knee brace and crutches"]
AUTHORITIES = ["mtus/knee", "mtus/shoulder", "odg/pain"]
CASE_NUMBERS = [None, "CM16-9000001", "CM16-9000002"]


def cited(authority: str) -> dict[str, Any]:
    known = citation(authority)
    return known if authority in AUTHORITIES else {**known, "text": "Sundry Brace Notes", "edition": None}


items = st.builds(
    lambda request, decision, authority: item(request, decision, reviewer=[cited(authority)]),
    st.sampled_from(WORDINGS),
    st.sampled_from(["upheld", "overturned", None]),
    st.sampled_from([*AUTHORITIES, "other/unrecognised"]),
)
readings = st.builds(
    lambda some, number, age: document(*some, case_number=number, age=age),
    st.lists(items, max_size=4),
    st.sampled_from(CASE_NUMBERS),
    st.sampled_from([None, 40, 50]),
)
places = st.integers(1, 5).map(str)
values = st.one_of(
    st.tuples(st.just("age"), st.integers(30, 33)),
    st.tuples(st.just("case_number"), st.sampled_from(CASE_NUMBERS)),
    st.tuples(places.map(lambda place: f"items/{place}/decision"), st.sampled_from(["upheld", "overturned", ""])),
    st.tuples(
        places.map(lambda place: f"items/{place}/reviewer"),
        st.lists(st.sampled_from(AUTHORITIES), unique=True, max_size=2).map(lambda keys: [citation(k) for k in keys]),
    ),
)
request = st.sampled_from(WORDINGS).map(lambda wording: {"request": wording})
steps = st.one_of(
    st.tuples(st.just("parse"), readings),
    st.tuples(st.just("set"), values),
    st.tuples(st.just("confirm"), values.map(lambda value: value[0])),
    st.tuples(st.just("revert"), values.map(lambda value: value[0])),
    st.tuples(st.just("undo"), st.integers(0, 12)),
    st.tuples(st.just("add"), st.tuples(st.sampled_from(["", "1", "2"]), request)),
    st.tuples(st.just("remove"), places),
    st.tuples(st.just("split"), st.tuples(places, st.lists(request, min_size=2, max_size=3))),
    st.tuples(st.just("merge"), st.lists(places, min_size=2, max_size=3, unique=True)),
    st.tuples(st.just("reorder"), st.randoms(use_true_random=False)),
    st.tuples(st.just("delete"), st.none()),
    st.tuples(st.just("alias"), st.sampled_from([*AUTHORITIES, None])),
    st.tuples(st.just("rule"), st.sampled_from(["knee", "norco"])),
    st.tuples(st.just("version"), st.sampled_from(["merged", "apart", "open"])),
)


def change_for(step: str, detail: Any, letter: Letter) -> Change | None:
    match step:
        case "set":
            return Change(operation=Operation.SET, path=detail[0], value=detail[1], reason="misread")
        case "confirm":
            return Change(operation=Operation.CONFIRM, path=detail)
        case "revert":
            return Change(operation=Operation.REVERT, path=detail)
        case "undo":
            rows = list(Correction.objects.filter(letter_sha256=letter.sha256).order_by("pk"))
            return Change(operation=Operation.REVERT, reverts=rows[detail].pk) if detail < len(rows) else None
        case "add":
            return Change(operation=Operation.ADD_ITEM, value={"after": detail[0], "values": detail[1]})
        case "remove":
            return Change(operation=Operation.REMOVE_ITEM, path=f"items/{detail}")
        case "split":
            parts = [{"values": part} for part in detail[1]]
            return Change(operation=Operation.SPLIT_ITEM, path=f"items/{detail[0]}", value=parts)
        case "merge":
            return Change(operation=Operation.MERGE_ITEMS, value={"of": detail, "values": {}})
        case "reorder":
            keys = [values["key"] for values in open_letter(letter.pk).merged.record["items"]]
            detail.shuffle(keys)
            return Change(operation=Operation.REORDER_ITEMS, value=keys)
    raise AssertionError(step)


def take(step: str, detail: Any, letter: Letter, people: People, tick: int) -> Letter:
    now = NOW + timedelta(seconds=tick)
    if step == "parse":
        ParsedDocument.objects.filter(letter=letter).update(document=detail, parser_version=str(tick), parsed_at=now)
        write_cases([letter.pk])
    elif step == "delete":
        reading = ParsedDocument.objects.get(letter=letter).document
        removal.remove_letter(letter.pk, by=people.admin, now=now, reason="test")
        check_statistics()
        return stored_letter(reading, sha256=letter.sha256)
    elif step == "alias":
        teach(Proposal("alias", "Sundry Brace Notes", detail and Authority.objects.get(key=detail).pk), people, now)
    elif step == "rule":
        teach(Proposal("rule", detail, Category.objects.order_by("pk")[tick].pk), people, now)
    elif step == "version":
        duplicates.find_pairs(list(Letter.objects.values_list("pk", flat=True)), now=now)
        for pair in LetterPair.objects.all():
            duplicates.decide(pair.pk, PairDecision(detail), counts=letter.pk, by=people.admin, now=now)
    elif change := change_for(step, detail, letter):
        with suppress(CorrectionsRefused):
            actions.save_changes(letter.pk, [change], by=people.admin, now=now)
    return letter


def teach(proposal: Proposal, people: People, now: datetime) -> None:
    """An alias or a rule comes into force, and the letters are read again: here, written again."""
    aliases.apply_proposal(proposal, by=people.admin, now=now)
    for parsed in ParsedDocument.objects.all():
        for record in parsed.document["items"]:
            for row in record["reviewer"]:
                if row["text"] == "Sundry Brace Notes" and proposal.kind == "alias":
                    key = aliases.aliases_in_force().get("sundry brace notes", "other/unrecognised")
                    row["authority"], row["family"] = key, key.split("/")[0]
        parsed.save()
    write_cases(list(ParsedDocument.objects.values_list("pk", flat=True)))


def check_rows_follow(letter: Letter) -> None:
    """The effective rows say what merging the two sources says; a letter that counts has its copies' corrections."""
    copies = Case.objects.filter(superseded_by=letter.pk, is_copy=True)
    digests = [letter.sha256, *copies.values_list("letter__sha256", flat=True)]
    rows = list(Correction.objects.filter(letter_sha256__in=digests).order_by("pk"))
    read = ParsedDocument.objects.get(letter=letter).document
    merged = merge(with_rules(read, active_rules()), rows)
    case = Case.objects.get(pk=letter.pk)
    record = merged.record
    assert (case.case_number, case.age, case.item_count) == (
        record["case_number"],
        record["age"],
        len(record["items"]),
    )
    stored = (
        DisputedItem.objects.filter(case=case)
        .order_by("number")
        .select_related("category")
        .prefetch_related("citations__authority")
    )
    assert [(row.number, row.request, row.decision, row.category.name) for row in stored] == [
        (number, values["request"], values["decision"] or "", values["category"])
        for number, values in enumerate(record["items"], start=1)
    ]
    assert [sorted((citation.side, citation.authority.key) for citation in row.citations.all()) for row in stored] == [
        sorted((side, citation["authority"]) for side in SIDES for citation in parsed[side])
        for parsed in record["items"]
    ]
    assert case.is_copy or {row.pk: row.state for row in rows} == merged.states
    assert case.corrected == merged.corrected
    check_merge(rows, merged)


def check_merge(rows: list[Correction], merged: Any) -> None:
    """Every correction of a value in force is what the record shows; every item has a key of its own."""
    keys = [values["key"] for values in merged.record["items"]]
    assert len(set(keys)) == len(keys)
    split_off = {key for row in rows if row.operation == Operation.SPLIT_ITEM for key in [row.item_key]}
    merged_away = {
        one["key"] for row in rows if row.operation == Operation.MERGE_ITEMS for one in row.given(MergedItems)["of"]
    }
    for row in rows:
        if row.operation not in (Operation.SET, Operation.CONFIRM) or merged.states[row.pk] not in IN_FORCE:
            continue
        if row.item_key in split_off | merged_away:
            continue  # its value went into the items that came of it
        shown = next((values for values in merged.record["items"] if values["key"] == row.item_key), None)
        values = merged.record if not row.item_key else shown
        assert values is not None
        assert same(row.field, read_value(values, row.field), row.value)


def check_statistics() -> None:
    """Fact rows match the items of current cases."""
    current = DisputedItem.objects.filter(case__superseded_by=None)
    assert ItemFact.objects.count() == current.count()
    assert ItemFact.objects.filter(overturned=True).count() == current.filter(decision="overturned").count()
    assert ItemFact.objects.filter(overturned=False).count() == current.filter(decision="upheld").count()
    assert CitationFact.objects.count() == Citation.objects.filter(item__case__superseded_by=None).count()
    for key in AUTHORITIES:
        cited = current.filter(citations__authority__key=key, citations__side="reviewer").distinct().count()
        facts = ItemFact.objects.filter(citations__authority__key=key, citations__side="reviewer")
        assert facts.distinct().count() == cited
    apart = LetterPair.objects.filter(decision=PairDecision.APART).exists()
    current_cases = Case.objects.filter(superseded_by=None)
    numbers = list(current_cases.exclude(case_number=None).values_list("case_number", flat=True))
    assert apart or len(numbers) == len(set(numbers))


@settings(max_examples=14, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(script=st.lists(st.tuples(st.sampled_from([0, 1]), steps), min_size=3, max_size=14))
@pytest.mark.slow
def test_effective_values_are_parsed_values_with_corrections(people: People, script: list[Any]) -> None:
    Letter.objects.all().delete()
    letters = [stored_letter(document(item("Knee brace"), item("MRI of the knee"))) for _ in range(2)]
    kept = Correction.objects.count()
    for tick, (which, (step, detail)) in enumerate(script):
        letters[which] = take(step, detail, letters[which], people, tick)
        assert Correction.objects.count() >= kept, "a correction disappeared"
        kept = Correction.objects.count()
        check_rows_follow(letters[which])
    for letter in letters:
        check_rows_follow(letter)
    check_statistics()


@settings(max_examples=300)
@given(first=readings, second=readings)
def test_states_depend_on_the_latest_reading_alone(first: LetterRecord, second: LetterRecord) -> None:
    """A reading that comes and goes leaves nothing behind: merging is a function of the document and the rows."""
    row = Correction(
        pk=1,
        operation=Operation.SET,
        path="age",
        parser_value=first["age"],
        new_value=99,
        state=CorrectionState.ACTIVE,
    )
    before = merge(first, [row])
    merge(second, [row])
    assert merge(first, [row]) == before
    assert merge(second, [row]).record["age"] == 99
