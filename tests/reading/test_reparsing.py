"""Reparsing: preview, then run; corrections are kept and statistics are updated."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse

from determinations.corrections import actions
from determinations.models import (
    Authority,
    AuthorityAlias,
    Case,
    Category,
    CategoryRule,
    CitationFact,
    Correction,
    CorrectionState,
    DisputedItem,
    EditionValidity,
    ItemFact,
    Letter,
    LetterState,
    LetterText,
    ParsedDocument,
    PrintedCitation,
    ReparseRun,
    RunState,
)
from determinations.models.reparsing import Selection
from determinations.parsing import PARSER_VERSION, parse_file, parse_letter
from determinations.parsing.results import LetterRecord, to_record
from determinations.reading import parsing_again, reparsing
from determinations.reference import aliases
from determinations.reference.aliases import Proposal
from determinations.synthetic.letters import write_letter
from imrsite.celery import INTERACTIVE
from tests.corrections import single_changes
from tests.corrections.letters import NOW, store_reading, stored_letter
from tests.fixtures.people import People
from tests.fixtures.services import broker_client

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("broker")]

SOURCE = "Sundry Brace Notes"


@pytest.fixture
def who(people: People) -> dict[str, Any]:
    return {"by": people.admin, "now": NOW}


def read(text: str) -> LetterRecord:
    return to_record(parse_letter(text))


def letter(number: int, *, source: str = "") -> Letter:
    """A synthetic letter read by the current parser; ``source`` is the citation in its first reviewer's line."""
    text = write_letter(number, seed=3).text
    if source:
        start = text.index("MAXIMUS guideline:")
        end = text.index("Decision rationale:", start)
        line = f"MAXIMUS guideline: Decision based on Non-MTUS Citation {source}.\n\n"
        text = text[:start] + line + text[end:]
    return stored_letter(read(text), text=text)


def run_to_the_end(run: ReparseRun) -> ReparseRun:
    while reparsing.step(run.pk, now=NOW):
        pass
    run.refresh_from_db()
    return run


def previewed(selection: Selection, who: dict[str, Any], **more: Any) -> ReparseRun:
    run = run_to_the_end(reparsing.start(selection, **who, **more))
    assert run.state == RunState.PREVIEWED
    return run


def test_a_preview_changes_nothing_and_a_run_applies_the_changes(who: dict[str, Any]) -> None:
    one = letter(1)
    today = ParsedDocument.objects.get(letter=one).document
    before = {**today, "age": 17, "case_number": None, "decision_date": "2013-01-31"}
    store_reading(one, before, "0.1")
    actions.correct_field(one.pk, "age", today["age"], reason="misread", **who)
    single_changes.confirm_value(one.pk, "priority", **who)
    run = previewed({"what": "older"}, who)
    assert run.expected == {
        "age": {"changed": 1, "gains": 1, "losses": 0},
        "case_number": {"changed": 1, "gains": 0, "losses": 0},
        "decision_date": {"changed": 1, "gains": 0, "losses": 0},
    }
    months = ItemFact.objects.filter(case=one.pk).values_list("decision_month", flat=True).distinct()
    assert list(months) == [date(2013, 1, 1)]
    assert Case.objects.get(pk=one.pk).case_number is None
    example = run.examples.get(field="age")
    assert (example.kind, example.old_value, example.new_value) == ("gain", 17, today["age"])
    reparsing.go(run.pk, **who)
    run = run_to_the_end(run)
    assert (run.state, run.done, run.letters_changed, run.outcome) == (RunState.FINISHED, 1, 1, run.expected)
    assert Case.objects.get(pk=one.pk).case_number == today["case_number"]
    assert list(months.all()) == [date.fromisoformat(today["decision_date"] or "").replace(day=1)]
    assert set(Correction.objects.values_list("state", flat=True)) == {CorrectionState.CONFIRMED}
    one.refresh_from_db()
    assert ParsedDocument.objects.get(letter=one).parser_version == PARSER_VERSION
    assert not reparsing.letters_of({"what": "older"}).exists()


def test_a_loss_is_counted_and_the_correction_is_kept(who: dict[str, Any]) -> None:
    one = letter(1)
    today = ParsedDocument.objects.get(letter=one).document
    store_reading(one, {**today, "age": 17}, "0.1")
    single_changes.confirm_value(one.pk, "age", **who)
    run = previewed({"what": "all"}, who)
    assert run.expected["age"] == {"changed": 1, "gains": 0, "losses": 1}
    reparsing.go(run.pk, **who)
    run_to_the_end(run)
    assert (Case.objects.get(pk=one.pk).age, Correction.objects.get().state) == (17, CorrectionState.CONFLICT)


def test_a_paused_run_resumes_where_it_stopped(who: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    letters = [letter(number) for number in range(1, 4)]
    for one in letters:
        store_reading(one, {**ParsedDocument.objects.get(letter=one).document, "age": 17}, "0.1")
    run = previewed({"what": "older"}, who)
    reparsing.go(run.pk, **who)
    monkeypatch.setattr(reparsing, "CHUNK", 1)
    assert reparsing.step(run.pk, now=NOW)
    reparsing.pause(run.pk, **who)
    assert not reparsing.step(run.pk, now=NOW)
    run.refresh_from_db()
    assert (run.state, run.done, run.reached) == (RunState.PAUSED, 1, letters[0].pk)
    reparsing.go(run.pk, **who)
    run = run_to_the_end(run)
    assert (run.state, run.done) == (RunState.FINISHED, 3)


def test_an_alias_moves_every_letter_that_prints_it_and_can_be_reverted(who: dict[str, Any]) -> None:
    letters = [letter(number, source=SOURCE) for number in range(1, 4)]
    letter(9)
    form = aliases.unknown_forms()[0]
    assert (form.letters, form.normalised) == (3, PrintedCitation.objects.filter(letter=letters[0])[0].normalised)
    target = Authority.objects.get(key="odg/knee-leg")
    selection: Selection = {"what": "form", "form": form.normalised}
    run = previewed(selection, who, proposal=Proposal("alias", form.printed, target.pk))
    assert run.letters_differing == 3
    assert not AuthorityAlias.objects.exists()
    reparsing.go(run.pk, **who)
    run_to_the_end(run)
    cited = CitationFact.objects.filter(authority=target, side="reviewer").values_list("fact__case_id", flat=True)
    assert set(cited) >= {one.pk for one in letters}
    assert AuthorityAlias.objects.get().active
    assert aliases.unknown_forms() == []
    back = previewed(selection, who, proposal=Proposal("alias", form.printed, None))
    assert back.letters_differing == 3
    reparsing.go(back.pk, **who)
    run_to_the_end(back)
    assert aliases.unknown_forms()[0].letters == 3
    alias = AuthorityAlias.objects.get()
    assert (alias.active, alias.ended_by) == (False, who["by"])


def test_letters_received_after_the_preview_use_the_alias_too(who: dict[str, Any]) -> None:
    letter(1, source=SOURCE)
    form = aliases.unknown_forms()[0]
    target = Authority.objects.get(key="odg/knee-leg")
    proposal = Proposal("alias", form.printed, target.pk)
    run = previewed({"what": "form", "form": form.normalised}, who, proposal=proposal)
    late = letter(2, source=SOURCE)
    reparsing.go(run.pk, **who)
    run_to_the_end(run)
    assert CitationFact.objects.filter(fact__case=late.pk, authority=target, side="reviewer").exists()
    assert aliases.unknown_forms() == []


def test_a_letter_that_cannot_be_stored_does_not_stop_the_others(
    who: dict[str, Any], refuse_document: Callable[[int], None], as_admin: Client
) -> None:
    letters = [letter(number) for number in range(1, 4)]
    for one in letters:
        store_reading(one, {**ParsedDocument.objects.get(letter=one).document, "age": 17}, "0.1")
    run = previewed({"what": "older"}, who)
    refuse_document(letters[1].pk)
    reparsing.go(run.pk, **who)
    run = run_to_the_end(run)
    assert (run.state, run.done, run.failed) == (RunState.FINISHED, 3, 1)
    stayed = set(ParsedDocument.objects.filter(parser_version="0.1").values_list("letter", flat=True))
    assert stayed == {letters[1].pk}
    assert Case.objects.get(pk=letters[1].pk).age == 17
    page = as_admin.get(reverse("reparse_run", args=[run.pk])).content.decode()
    assert "What was read could not be stored (IntegrityError)." in page


def test_a_letter_that_cannot_be_parsed_again_says_why(
    who: dict[str, Any], as_admin: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*details: object) -> None:
        raise KeyError("words of the letter")

    first = letter(1)
    monkeypatch.setattr(parsing_again, "parse_file", fail)
    run = previewed({"what": "all"}, who)
    reparsing.go(run.pk, **who)
    run = run_to_the_end(run)
    assert (run.done, run.failed) == (1, 1)
    assert Case.objects.filter(pk=first.pk).exists()
    page = as_admin.get(reverse("reparse_run", args=[run.pk])).content.decode()
    assert "The parser failed (KeyError)." in page
    assert "words of the letter" not in page


def test_what_was_read_of_a_text_that_was_replaced_meanwhile_is_not_written(
    who: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    replaced, waiting, same = (letter(number) for number in range(1, 4))
    for one in (replaced, waiting, same):
        store_reading(one, {**ParsedDocument.objects.get(letter=one).document, "age": 17}, "0.1")
    run = previewed({"what": "older"}, who)
    reparsing.go(run.pk, **who)
    parse_again = parsing_again.parse_again

    def replace_and_parse(*arguments: Any) -> Any:
        parsed = parse_again(*arguments)
        LetterText.objects.filter(pk=replaced.pk).update(text="A page before.\n")
        Letter.objects.filter(pk=waiting.pk).update(state=LetterState.RECEIVED)
        return parsed

    monkeypatch.setattr(reparsing, "parse_again", replace_and_parse)
    run = run_to_the_end(run)
    assert (run.state, run.failed) == (RunState.FINISHED, 0)
    stayed = set(ParsedDocument.objects.filter(parser_version="0.1").values_list("letter", flat=True))
    assert stayed == {replaced.pk, waiting.pk}
    waiting.refresh_from_db()
    assert waiting.state == LetterState.RECEIVED, "it is still to be read"


def test_a_category_rule_overrides_the_parser_but_not_a_correction(who: dict[str, Any]) -> None:
    one = letter(1)
    first = DisputedItem.objects.filter(case=one.pk).order_by("number")[0]
    phrase = " ".join(first.disputed.split()[:2])
    target = Category.objects.exclude(pk=first.category_id).order_by("pk")[0]
    run = previewed({"what": "phrase", "phrase": phrase}, who, proposal=Proposal("rule", phrase, target.pk))
    assert run.expected["category"]["changed"] >= 1
    reparsing.go(run.pk, **who)
    run_to_the_end(run)
    item = DisputedItem.objects.filter(case=one.pk).order_by("number")[0]
    assert (item.category, item.category_rule) == (target, f"staff rule {CategoryRule.objects.get().pk}")
    other = Category.objects.exclude(pk__in=[first.category_id, target.pk]).order_by("pk")[0]
    actions.correct_field(one.pk, "items/1/category", [other.name, other.subcategory], reason="judgement", **who)
    assert ItemFact.objects.get(item__case=one.pk, item__number=1).category == other


def test_letters_that_become_readable_get_their_case(who: dict[str, Any]) -> None:
    one = stored_letter(None, text=write_letter(1, seed=3).text)
    run = previewed({"what": "ids", "ids": [one.pk]}, who)
    reparsing.go(run.pk, **who)
    run_to_the_end(run)
    assert Case.objects.get(pk=one.pk).item_count > 0


@pytest.mark.parametrize("role", ["casemanager", "supervisor"])
def test_only_admins_reparse_or_map(client: Client, people: People, role: str) -> None:
    person = getattr(people, role)
    with pytest.raises(PermissionDenied):
        reparsing.start({"what": "all"}, by=person, now=NOW)
    with pytest.raises(PermissionDenied):
        aliases.apply_proposal(Proposal("alias", "x", None), by=person, now=NOW)
    client.force_login(person)
    for name in ("unknown_citations", "map_citation", "category_rules", "reparse_runs", "letter_pairs", "lessons"):
        assert client.get(reverse(name)).status_code == 403, name


def test_the_pages_lead_from_a_printed_form_to_the_preview(as_admin: Client) -> None:
    letter(1, source=SOURCE)
    page = as_admin.get(reverse("unknown_citations")).content.decode()
    assert SOURCE in page
    response = as_admin.post(reverse("map_citation"), {"printed": SOURCE, "authority": "odg/knee-leg"}, follow=True)
    assert b"0 letters previewed so far" in response.content, "a worker previews"
    assert broker_client().llen(INTERACTIVE) == 1
    run = run_to_the_end(ReparseRun.objects.get())
    response = as_admin.get(reverse("reparse_run", args=[run.pk]))
    assert b"1 of 1 letters would change" in response.content
    assert b"Apply and change" in response.content
    as_admin.post(reverse("steer_reparse_run", args=[run.pk]), {"do": "stop"})
    run.refresh_from_db()
    assert run.state == RunState.STOPPED
    fields = {"printed": SOURCE, "new": "1", "family": "other", "title": SOURCE, "acoem_chapter": ""}
    as_admin.post(reverse("map_citation"), fields | {"valid_from": "2016-01-01", "valid_to": ""})
    assert Authority.objects.get(key="other/sundry-brace-notes").valid_from is not None
    as_admin.post(reverse("map_citation"), fields | {"edition": "2nd", "valid_from": "2017-01-01", "valid_to": ""})
    edition = EditionValidity.objects.get(authority__key="other/sundry-brace-notes")
    assert (edition.edition, edition.valid_from, edition.valid_to) == ("2nd", date(2017, 1, 1), None)


def test_unknown_citations_are_listed_most_frequent_first() -> None:
    for number, source in enumerate([SOURCE, "Plain Walker Notes", "Plain Walker Notes", "Plain Cane Notes"], start=1):
        letter(number, source=source)
    forms = [(form.printed, form.letters) for form in aliases.unknown_forms()]
    assert forms == [("Plain Walker Notes", 2), ("Plain Cane Notes", 1), (SOURCE, 1)]
    assert [form.printed for form in aliases.unknown_forms(words="CANE")] == ["Plain Cane Notes"]


def test_a_run_follows_a_case_list_step_by_step(people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reparsing, "CHUNK", 2)
    monkeypatch.setattr(reparsing, "_WINDOW", 3)
    letters = [letter(number) for number in range(1, 9)]
    wanted = [one.pk for one in letters if one.pk not in (letters[2].pk, letters[3].pk, letters[4].pk)]
    for pk in (2, 3, 4):
        actions.correct_field(letters[pk].pk, "age", 99, by=people.admin, now=NOW, reason="misread")
    read: list[int] = []
    monkeypatch.setattr(
        reparsing, "_compare", lambda run, texts, parsed, proposal: read.extend(text.letter_id for text in texts)
    )
    run = reparsing.start({"what": "filter", "query": "corrected=no"}, by=people.admin, now=NOW)
    letter(20)  # received later, so not part of the run
    steps = 1
    while reparsing.step(run.pk, now=NOW):
        steps += 1
    assert (read, steps <= 8) == (wanted, True)
    run.refresh_from_db()
    assert run.state == RunState.PREVIEWED


def test_a_run_can_be_stopped_while_a_letter_is_parsed(who: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """The parser holds no lock, and what it read for a run that was stopped meanwhile is discarded."""
    letter(1)
    run = reparsing.start({"what": "all"}, **who)
    parse = parse_file

    def stop_and_parse(*arguments: Any) -> Any:
        reparsing.stop(run.pk, **who)
        return parse(*arguments)

    monkeypatch.setattr(parsing_again, "parse_file", stop_and_parse)
    assert not reparsing.step(run.pk, now=NOW)
    run.refresh_from_db()
    assert (run.state, run.previewed, run.reached) == (RunState.STOPPED, 0, 0)


def test_letters_are_chosen_by_problem_filter_or_version(as_admin: Client) -> None:
    one = letter(1)
    for chosen in (
        {"what": "older"},
        {"what": "all"},
        {"what": "problem", "code": "value_missing"},
        {"what": "filter", "query": f"/cases/?q={one.pk}"},
    ):
        assert as_admin.post(reverse("reparse_runs"), chosen, follow=True).status_code == 200, chosen
    for run in ReparseRun.objects.all():
        run_to_the_end(run)
    empty = ReparseRun.objects.filter(letters=0).latest("pk")
    nothing = as_admin.get(reverse("reparse_run", args=[empty.pk])).content
    assert b"No letters match this selection" in nothing
    assert b"Run on" not in nothing
    assert as_admin.post(reverse("reparse_runs"), {"what": "nothing"}).status_code == 200
    assert as_admin.post(reverse("reparse_runs"), {"what": "filter", "query": "no list"}).status_code == 200
    assert ReparseRun.objects.count() == 4
