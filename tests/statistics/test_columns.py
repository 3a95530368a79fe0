"""The column engine gives exactly the answers of PostgreSQL, at any moment, or leaves them to it."""

import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from datetime import date
from functools import partial
from itertools import chain
from pathlib import Path

import pytest
from django.core.exceptions import ObjectDoesNotExist
from django.db import connection
from django.http import QueryDict

from determinations.browsing import column_cases
from determinations.browsing.column_cases import FindCases
from determinations.browsing.lists import CASES
from determinations.browsing.selection import parse_selection
from determinations.browsing.selection import within as narrowed
from determinations.models import (
    Authority,
    Case,
    ItemFact,
    StatisticsLimits,
)
from determinations.paging.filtered import keys_from
from determinations.statistics.answer_cache import cached_answers
from determinations.statistics.catalog import STATISTICS
from determinations.statistics.citation_catalog import GROUPINGS
from determinations.statistics.columns import keeping
from determinations.statistics.columns.dialect import NotInColumns, translate
from determinations.statistics.columns.writing import Written
from determinations.statistics.interface import CitationGroup, Selection
from determinations.statistics.sql_engine import SqlEngine, one_snapshot
from determinations.statistics.tabulate import count as tabulated
from determinations.wording.labels import read_labels
from tests.fixtures.people import People
from tests.statistics.by_column import Compared
from tests.statistics.worlds import AUTHORITIES, random_event, stored_world

pytestmark = pytest.mark.django_db(transaction=True)
#: Filters of the facts' own columns.
QUERIES = [
    "", "decided_from=2016-01-01&decided_to=2017-06-30", "sex=male", "age=30-39&age=70-over", "outcome=partly",
    "decision=overturned", "licensure=California&specialty=Psychiatry", "claims_family=mtus",
    "reviewer_without=odg", "reviewer_authority=mtus/chronic-pain", "also_reviewer_authority=odg/pain",
    "same_guideline=no", "category=Pharmaceuticals", "subcategory=Surgery/Surgical Consult",
    "ground=criteria_met", "problem=date_order", "region=unknown", "undated=decided", "several_items=yes",
    "claim_age=10-19", "claims_edition=mtus/opioids@2016", "reviewer_cites=mtus/low-back@MRI",
    "claims_superseded=any", "reviewer_standing=early", "letter=1,2,3", "rest_of=sex%3Dmale", "state=parsed",
    "corrected=yes", "partly_approved=no", "specialty=unknown",
]  # fmt: skip
#: Rounds while two writers run, each with all letters and with a random filter.
ROUNDS = 3


def count_everything(engine: SqlEngine, query: QueryDict) -> None:
    """Every statistic, and every other count, of the address."""
    selection, labels = parse_selection(query).selection, read_labels()
    engine.precompute(selection, [("category_id",), ("specialties",), ("sex",), *GROUPINGS])
    for statistic in STATISTICS:
        tabulated(engine, statistic, narrowed(selection, statistic), labels, StatisticsLimits())
    oracle = SqlEngine()
    for letters in (selection, Selection(selection.items, whole_letters=False)):
        assert sorted(engine.count_letters(letters), key=repr) == sorted(oracle.count_letters(letters), key=repr)
    problems = [set(codes) for codes in Case.objects.current().values_list("all_problem_codes", flat=True)]
    by_code = dict(Counter(chain.from_iterable(problems)))
    items = ItemFact.objects.count()
    empty = Case.objects.current().filter(item_count=0).count()
    for counting in (engine, oracle):
        assert counting.count_problems() == (by_code, len(problems), items, empty)
    counts: list[Callable[[SqlEngine], list[CitationGroup]]] = [
        lambda engine: engine.count_editions(selection),
        lambda engine: engine.count_edition_statuses(selection),
        lambda engine: engine.count_sections(selection),
    ]
    for pk in Authority.objects.filter(key__in=AUTHORITIES[:2]).values_list("pk", flat=True):
        counts += [
            partial(SqlEngine.count_parts, selection=selection, authority_id=pk, part="sections"),
            partial(SqlEngine.count_parts, selection=selection, authority_id=pk, part="pages"),
            *(partial(_citing, selection=selection, authority_id=pk, at=at) for at in range(2)),
            partial(SqlEngine.count_editions, selection=selection, authority_id=pk),
        ]
    for count in counts:
        assert sorted(count(engine), key=repr) == sorted(count(oracle), key=repr), query.urlencode()


def _citing(engine: SqlEngine, selection: Selection, authority_id: int, at: int) -> list[CitationGroup]:
    return engine.count_citing(selection, authority_id, ("decision_month", "category_id"))[at]


def _merged_once_written(errors: list[Exception]) -> Written:
    """Merge what the writers changed; on a busy machine they may not have written anything yet."""
    until = time.monotonic() + 60
    while (written := keeping.keep_columns(at_once=True)) is None:
        assert not errors
        assert time.monotonic() < until
        time.sleep(0.05)
    return written


def test_both_engines_agree_while_two_writers_run(world: None, people: People) -> None:
    chance = random.Random(6)
    stop, errors = threading.Event(), list[Exception]()

    def write(seed: int) -> None:
        own = random.Random(seed)
        try:
            while not stop.wait(0.1):  # the reader needs the processor, too
                try:
                    random_event(own, people.admin)
                except ObjectDoesNotExist:
                    continue  # the other writer has just deleted it
        except Exception as error:
            errors.append(error)
        finally:
            connection.close()

    writers = [threading.Thread(target=write, args=(seed,)) for seed in (7, 8)]
    for writer in writers:
        writer.start()
    Compared.answered = Compared.refused = Compared.told = changed = number = 0
    until = time.monotonic() + 120
    try:  # longer where the writers wait for a turn of a busy machine
        while number < ROUNDS or not (changed or errors or time.monotonic() > until):
            number += 1
            for query in (QueryDict(), QueryDict("&".join(chance.sample(QUERIES, 2)))):
                with one_snapshot() as engine:
                    reader = Compared()
                    count_everything(SqlEngine(reader), query)
                    assert engine.version
                columns = reader.columns()
                assert columns is not None
                changed = max(changed, columns.changed)
            if number == 2:
                assert _merged_once_written(errors).merged
    finally:
        stop.set()
        for writer in writers:
            writer.join()
    assert not errors
    assert changed  # the writers did change facts that the file had otherwise
    assert Compared.answered > 30
    assert Compared.told > 60
    assert not Compared.refused


def test_columns_in_another_order_are_counted_once(world: None) -> None:
    both = [("sex", "injury_year"), ("injury_year", "sex")]
    for reader in (Compared(), None):
        cached_answers.answers.clear()
        with one_snapshot():
            engine = SqlEngine(reader)
            engine.precompute(Selection.everything(), both)
            groups = [engine.count_items(Selection.everything(), grouping) for grouping in both]
        assert sum(group.items for group in groups[0]) == ItemFact.objects.count()
        same_order = [(*reversed(raw), *counts) for raw, *counts in groups[1]]
        assert sorted(((*raw, *counts) for raw, *counts in groups[0]), key=repr) == sorted(same_order, key=repr)


def test_every_filter_of_the_facts_is_answered_by_column(
    people: People, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored_world(random.Random(3), 15)
    odd, *_others = ItemFact.objects.order_by("pk")
    ItemFact.objects.filter(pk=odd.pk).update(
        specialties=['certified in "Neurology', "a,", '["a', "[", "]", "\\", '\\"', '","', "", ',"a']
    )
    keeping.keep_columns()
    Compared.refused = 0
    for query in QUERIES:
        with one_snapshot():
            SqlEngine(Compared()).count_items(parse_selection(QueryDict(query)).selection, ["body_region", "grounds"])
        assert Compared.refused == 0, query
        cases = CASES.filterset(QueryDict(query))
        listed = CASES.list_query(cases, QueryDict(query))
        with monkeypatch.context() as patched:
            if cases.as_items() is not None:
                patched.delattr(column_cases, "keys_from")  # PostgreSQL names nothing
            by_column = FindCases(cases)(listed, None, 99, forward=True)
        assert by_column == keys_from(listed, None, 99, forward=True), query
    compare_array_filters()
    compare_all_groupings()


def compare_array_filters() -> None:
    """Elements with quotation marks, commas and brackets are told from parts of others."""
    values = ['certified in "Neurology', "Neurology", '","', ",", "a,", "[", '["a', "]", "\\", '\\"', ',"a', "a", ""]
    with one_snapshot():
        engine = SqlEngine(Compared())
        found = [
            sum(group.items for group in engine.count_items(Selection(items, whole_letters=False), ["sex"]))
            for value in values
            for items in (ItemFact.objects.filter(specialties__contains=[value]),)
        ]
    assert found == [1, 0, 1, 0, 1, 1, 1, 1, 1, 1, 1, 0, 1]
    assert not Compared.refused


def compare_all_groupings() -> None:
    """More columns than PostgreSQL groups at once are counted as each alone."""
    columns = [(str(field.column),) for field in ItemFact._meta.concrete_fields]
    assert len(columns) > 31
    some = Selection(ItemFact.objects.exclude(sex="female"), whole_letters=True)
    for reader in (Compared(), None):
        cached_answers.answers.clear()
        with one_snapshot():
            engine = SqlEngine(reader)
            engine.precompute(some, columns)
            at_once = [engine.count_items(some, column) for column in columns]
            cached_answers.answers.clear()
            alone = [engine.count_items(some, column) for column in columns]
        assert [sorted(groups, key=repr) for groups in at_once] == [sorted(groups, key=repr) for groups in alone]


@pytest.mark.parametrize(
    ("sql", "parameters", "expected"),
    [
        ("age = ANY(%s::smallint[])", ["{3,4}"], ("age IN (3,4)", [])),
        ("age = ANY(%s::smallint[])", ["{}"], ("false", [])),
        ("x = %s AND \"f\".\"a\" @> (ARRAY[%s, %s])::varchar(9)[]", [True, "b", "c"],
         ("x = ? AND (list_contains(\"f\".\"a\", ?) AND list_contains(\"f\".\"a\", ?))", [True, "b", "c"])),
        ('"t"."specialties" @> ARRAY[%s]::varchar[]', ['a "b" \\\n'],
         ("(contains(',' || substr(\"t\".\"specialties_key\", 2), ?))", [',"a \\"b\\" \\\\\\n"'])),
        ('grounds @> ARRAY[%s]::varchar[]', [","], ("(list_contains(grounds, ?))", [","])),
        ("claims_authority_ids @> ARRAY[%s::smallint]", [3],
         ("(contains(replace(replace(claims_authority_ids_key, '[', ','), ']', ','), ?))", [",3,"])),
        ("width_bucket(d, %s::date[])", [[date(2015, 1, 2)]],
         ("CASE WHEN d IS NULL THEN NULL WHEN d < DATE '2015-01-02' THEN 0 ELSE 1 END", [])),
        ("EXISTS(SELECT 1 LIMIT 1) GROUP BY grounds", [], ("EXISTS(SELECT 1) GROUP BY grounds_key", [])),
        ('unnest("grounds") AS ground, grounds', [], ('unnest("grounds") AS ground, grounds_key', [])),
        ('NOT ("t"."grounds" = %s::varchar(40)[])', [[]], ("NOT (\"t\".\"grounds_key\" = '[]')", [])),
        ("grounds = %s::varchar[] AND x = %s", [["a"], 1], ("grounds = ?::varchar[] AND x = ?", [["a"], 1])),
        ("unnest(grounds)", [], None),
        ("FROM determinations_case", [], None),
        ("determinations_item_words(item_id) @@ %s", ["x"], None),
        ("age = ANY(%s::smallint[])", ["{1); DROP TABLE x}"], None),
        ("name LIKE %s", ["x"], None),
        ("d >= %s", [object()], None),
    ],
)  # fmt: skip
def test_statements_are_translated_or_refused(
    sql: str, parameters: list[object], expected: tuple[str, list[object]] | None
) -> None:
    if expected is None:
        with pytest.raises(NotInColumns):
            translate(sql, parameters)
    else:
        assert translate(sql, parameters) == expected
