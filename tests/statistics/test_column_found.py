"""Column files tell the items and cases that have words, and that cite sections, as PostgreSQL does."""

import random
from pathlib import Path

import duckdb
import pytest
from django.http import QueryDict
from pyroaring import BitMap

from determinations.browsing import column_cases
from determinations.browsing.column_cases import FindCases
from determinations.browsing.lists import CASES, ITEMS
from determinations.cases import search_words
from determinations.corrections.actions import correct_field
from determinations.models import Case, CaseText, Citation, ItemFact
from determinations.statistics.columns import keeping
from determinations.statistics.columns.dialect import NotInColumns
from determinations.statistics.columns.found import gathering, version
from determinations.statistics.columns.found import reading as found_reading
from determinations.statistics.columns.found import writing as found_writing
from determinations.statistics.columns.found.query import matching
from determinations.statistics.columns.found.table import FOUND, SECTIONS, WORDS
from determinations.statistics.columns.sets import writing as set_writing
from determinations.statistics.columns.writing import Written
from determinations.statistics.interface import Selection
from determinations.statistics.sql_engine import one_snapshot
from tests.corrections.letters import NOW, document, stored_letters
from tests.fixtures.people import People
from tests.statistics.by_column import compare_items, compare_lists, every_case, of_rail
from tests.statistics.conftest import Failing
from tests.statistics.worlds import random_document, stored_world

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("requested_words")]


def test_notes_are_found_by_those_who_may_read_them(world_with_words: None, people: People) -> None:
    case = Case.objects.current().exclude(sex="female").order_by("pk")[0]
    correct_field(case.pk, "sex", "female", by=people.admin, now=NOW, reason="misread", note="Cervical, as printed")
    for merge in (False, True):
        if merge:
            keeping.keep_columns(at_once=True)
        query = QueryDict("q=cervical")
        for by in (people.admin, people.casemanager):
            filterset = CASES.filterset(query, by=by)
            listed = CASES.list_query(filterset, query)
            keys, count = FindCases(filterset)(listed, None, 50, forward=True)
            assert not count.capped
            assert sorted(keys) == sorted(listed.rows.values_list("pk", flat=True))
            assert count.number == len(keys)


def test_with_many_changed_items_postgresql_tells_words(
    world_with_words: None, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = random.Random(43)
    case = Case.objects.current().filter(item_count__gt=0).exclude(sex="female").order_by("pk")[0]
    correct_field(case.pk, "sex", "female", by=people.admin, now=NOW, reason="misread")
    monkeypatch.setattr(version, "MOST_CHANGED", 0)
    with one_snapshot() as engine:
        with_word = ITEMS.filterset(QueryDict("q=lumbar")).qs
        assert engine.items_by_column(Selection(with_word, whole_letters=False)) is None
        assert engine.cases_by_column(["'lumbar'"]) is None
    compare_lists("q=lumbar", chance)


def test_a_file_without_room_leaves_the_rest_to_postgresql(
    people: People, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = random.Random(44)
    stored_world(chance, 12)
    for most in (0, 400, 1_500, 10**6):
        monkeypatch.setattr(found_writing, "_MOST_BYTES", most)
        keeping.keep_columns(anew=True)
        for address in ("q=lumbar+-mri", "reviewer_section=topical&sex=female", "q=brace+or+refill&decision=upheld"):
            compare_lists(address, chance)


def test_only_so_many_sets_stay_in_memory(world_with_words: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(found_reading, "_MOST_KEPT", 1)
    with one_snapshot() as engine:
        assert engine.cases_by_column(["'lumbar'", "'spine'"]) is not None
        assert engine._columns is not None
        columns = engine._columns.columns()
    assert columns is not None
    assert len(columns.found._kept) == 1


def test_memory_that_runs_out_leaves_words_to_postgresql(
    people: People, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = random.Random(46)
    stored_world(chance, 10)

    def out_of_memory(_lexeme: str) -> None:
        raise MemoryError

    monkeypatch.setattr(gathering, "_items_having", out_of_memory)
    assert keeping.keep_columns() is not None
    for address in ("q=lumbar", "reviewer_section=opioid"):
        compare_lists(address, chance)
    compare_items("reviewer_section=opioid")


def test_few_items_need_no_sets_of_words(people: People, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gathering, "FEWEST_ITEMS", 10_000)
    stored_world(random.Random(47), 8)
    keeping.keep_columns()
    with one_snapshot() as engine:
        assert engine.cases_by_column(["'lumbar'"]) is None
    assert ItemFact.objects.exists()


def _sets(folder: Path, written: Written | None) -> dict[str, int]:
    """How many sets of each kind a file has."""
    assert written is not None
    with duckdb.connect() as engine:
        engine.execute(f"ATTACH '{folder / written.name}' AS file (READ_ONLY)")
        return dict(engine.execute(f"SELECT kind, count(*) FROM file.{FOUND} GROUP BY kind").fetchall())


def test_a_merged_file_gathers_what_the_one_before_had_none_of(
    people: People, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = random.Random(49)
    monkeypatch.setattr(gathering, "FEWEST_ITEMS", 40)
    stored_world(chance, 6)
    assert WORDS not in _sets(folder, keeping.keep_columns())
    stored_letters(random_document(chance, 100 + number) for number in range(40))
    merged = keeping.keep_columns(at_once=True)
    assert merged is not None
    assert merged.merged
    all_kinds = _sets(folder, merged)
    assert all_kinds[WORDS] > 4
    with monkeypatch.context() as patched:
        patched.setattr(found_writing, "places_by_value", Failing(MemoryError))
        patched.setattr(gathering, "_sections", Failing(MemoryError))
        stored_letters(random_document(chance, 200 + number) for number in range(2))
        assert _sets(folder, keeping.keep_columns(at_once=True)) == {}
    stored_letters(random_document(chance, 300 + number) for number in range(2))
    assert _sets(folder, keeping.keep_columns(at_once=True)).keys() == all_kinds.keys()
    compare_lists("q=lumbar", chance)
    compare_items("reviewer_section=opioid")


def _cases_by_column(address: str) -> list[int] | None:
    query = QueryDict(address)
    filterset = CASES.filterset(query)
    page = FindCases(filterset).by_column(CASES.list_query(filterset, query), None, 50, forward=True)
    return None if page is None else page[0]


def test_cases_that_keep_their_vectors_are_found_by_postgresql(world_with_words: None) -> None:
    assert _cases_by_column("q=lumbar") is not None
    CaseText.objects.filter(pk=Case.objects.current()[0].pk).update(words_version=search_words.KEPT)
    search_words.forget_old_words()
    assert _cases_by_column("q=lumbar") is None
    assert _cases_by_column("sex=male") is not None


def test_the_texts_of_many_cases_without_items_are_not_read(
    people: People, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = random.Random(51)
    stored_world(chance, 10)
    stored_letters(document(case_number=f"CM17-91{number:05}", decision_date="2017-01-02") for number in range(4))
    keeping.keep_columns()
    without_items = Case.objects.current().filter(item_count=0).count()
    monkeypatch.setattr(column_cases, "MOST_READ_WITHOUT_ITEMS", without_items)
    assert _cases_by_column("q=lumbar") is not None
    assert of_rail(QueryDict("q=lumbar")) == every_case(QueryDict("q=lumbar"))
    monkeypatch.setattr(column_cases, "MOST_READ_WITHOUT_ITEMS", without_items - 1)
    assert _cases_by_column("q=lumbar") is None
    assert _cases_by_column("sex=male") is not None
    compare_lists("q=lumbar", chance)


def _names_of_reviewers(folder: Path, written: Written | None) -> list[str]:
    assert written is not None
    with duckdb.connect() as engine:
        engine.execute(f"ATTACH '{folder / written.name}' AS file (READ_ONLY)")
        kind = SECTIONS["reviewer"]
        rows = engine.execute(f"SELECT value FROM file.{FOUND} WHERE kind = '{kind}'").fetchall()
    return [name for (name,) in rows]


def test_names_of_sections_beyond_a_limit_are_found_by_postgresql(
    people: People, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = random.Random(53)
    stored_world(chance, 2)
    monkeypatch.setattr(gathering, "MOST_WORDS", 0)
    every = set(_names_of_reviewers(folder, keeping.keep_columns()))
    assert "" in every
    assert len(every) > 2
    for most in (0, len(every) - 2, len(every) - 1):
        for module in (gathering, found_writing):
            monkeypatch.setattr(module, "MOST_SECTIONS", most)
        names = _names_of_reviewers(folder, keeping.keep_columns(anew=True))
        assert len(set(names) - {""}) == most
        assert ("" in names) == (most == len(every) - 1)
        for address in ("claims_section=MRI", "reviewer_section=topical&sex=female"):
            compare_lists(address, chance)
    stored_letters(random_document(chance, 100 + number) for number in range(20))
    names = _names_of_reviewers(folder, keeping.keep_columns(at_once=True))  # merged
    assert set(names) == every - {""}
    for address in ("reviewer_section=opioid", "claims_section=MRI", "reviewer_section=a"):
        compare_lists(address, chance)
    for module in (gathering, found_writing):
        monkeypatch.setattr(module, "MOST_SECTIONS", 2_000)
    assert set(_names_of_reviewers(folder, keeping.keep_columns(anew=True))) > every


def test_an_empty_name_of_a_section_is_no_section(people: People, folder: Path) -> None:
    stored_world(random.Random(52), 6)
    Citation.objects.filter(pk=Citation.objects.order_by("pk")[0].pk).update(sections=["", "A 'quoted' name"])
    written = keeping.keep_columns()
    assert written is not None
    with duckdb.connect() as engine:
        engine.execute(f"ATTACH '{folder / written.name}' AS file (READ_ONLY)")
        names = engine.execute(f"SELECT value FROM file.{FOUND} WHERE kind <> '{WORDS}'").fetchall()
    assert names.count(("",)) == 2  # says that there are no others, once for each side
    assert ("A 'quoted' name",) in names


@pytest.mark.parametrize(
    ("query", "places"),
    [
        ("'a'", {1, 2}), ("(('a' | 'b')) & !('c')", {1, 3}), ("!'a' & 'b'", {3}), ("'a' & ('b' | 'c') | 'c'", {2, 4}),
        ("!!'a'", {1, 2}), ("'d'", set()),
    ],
)  # fmt: skip
def test_queries_are_read_as_postgresql_reads_them(query: str, places: set[int]) -> None:
    having = {"a": BitMap([1, 2]), "b": BitMap([2, 3]), "c": BitMap([2, 4]), "d": BitMap()}
    assert set(matching(query, having.__getitem__, BitMap(range(1, 5)))) == places


@pytest.mark.parametrize(
    "query", ["'a' <-> 'b'", "'a':*", "'a':A", "a", "('a'", "'a')", "", "'a' 'b'", "'a' &", r"'it\'s'", "!"]
)
def test_other_queries_are_refused(query: str) -> None:
    with pytest.raises(NotInColumns):
        matching(query, lambda _lexeme: BitMap(), BitMap())


def test_a_file_without_places_has_no_sets(people: People, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chance = random.Random(48)
    stored_world(chance, 8)
    monkeypatch.setattr(set_writing, "MOST_ID", 0)
    written = keeping.keep_columns()
    assert written is not None
    with duckdb.connect() as engine:
        engine.execute(f"ATTACH '{folder / written.name}' AS file (READ_ONLY)")
        assert engine.execute(f"SELECT count(*) FROM file.{FOUND}").fetchall() == [(0,)]
    compare_lists("q=lumbar", chance)
