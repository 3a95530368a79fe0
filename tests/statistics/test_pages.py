"""The pages of statistics: permissions, numbers that equal their lists, exports, query counts."""

import random
import re
from html import unescape
from io import BytesIO
from typing import Any
from urllib.parse import quote, unquote
from zipfile import ZipFile

import openpyxl
import pytest
from django.db import connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from determinations.browsing.lists import LISTS
from determinations.corrections.actions import correct_field
from determinations.filters.date_ranges import OF_ADDED, OF_LETTERS, RANGES
from determinations.models import AuditEvent, Letter, StatisticsLimits
from determinations.statistics.answer_cache import cached_answers
from determinations.statistics.catalog import STATISTICS
from determinations.tasks import count_statistics
from tests.corrections.letters import document, item, stored_letter
from tests.statistics.worlds import stored_world

PAGES = [
    "/statistics/", "/statistics/breakdowns/", "/statistics/compare/", "/statistics/report/", "/statistics/glossary/",
    "/statistics/compare/table/", "/statistics/compare/side/", "/statistics/moved/", "/statistics/report/treatments/",
    "/statistics/report/review/", "/statistics/report/citations/", "/statistics/selection/?for=/citations/",
    "/citations/authorities/mtus/chronic-pain/editions/", "/citations/authorities/mtus/chronic-pain/parts/",
    "/statistics/quality/", "/citations/", "/citations/editions/", "/citations/authorities/mtus/chronic-pain/",
    "/statistics/grounds/",
    "/statistics/accuracy/", "/statistics/treatments/", "/statistics/sections/", "/statistics/grounds/documentation/",
    "/statistics/grounds/sentences/", "/statistics/treatments/Pharmaceuticals/Opioids/",
    "/statistics/quantities/Pharmaceuticals/Opioids/?unit=visits",
    *(f"/statistics/breakdowns/{statistic.key}/" for statistic in STATISTICS),
]  # fmt: skip
EXPORTS = [
    "/statistics/months.", "/citations/editions.", "/citations/authorities/mtus/chronic-pain.",
    "/statistics/quality/states.", "/statistics/quality/unrecognized.",
    "/statistics/grounds/table.", "/statistics/accuracy.",
    *(f"/statistics/breakdowns/{statistic.key}." for statistic in STATISTICS),
]  # fmt: skip
#: Pages that also help case managers.
OF_CASE_MANAGERS = {
    "/statistics/glossary/", "/statistics/accuracy/", "/statistics/treatments/", "/statistics/sections/",
    "/statistics/grounds/documentation/", "/statistics/grounds/sentences/",
    "/statistics/treatments/Pharmaceuticals/Opioids/", "/statistics/quantities/Pharmaceuticals/Opioids/?unit=visits",
    "/statistics/selection/?for=/citations/",
}  # fmt: skip
#: Queries of a page without cached answers, including those for the session and the user.
MOST_QUERIES = 24


@pytest.fixture
def letters(db: None) -> None:
    stored_world(random.Random(11), 25)


def test_only_supervisors_can_open_the_pages(client: Any, people: Any, letters: None) -> None:
    client.force_login(people.casemanager)
    for path in PAGES:
        assert client.get(path).status_code == (200 if path in OF_CASE_MANAGERS else 403), path
    client.force_login(people.supervisor)
    for number, path in enumerate(PAGES):
        queries = ["?decided_from=2016-01-01&decided_to=2016-12-31", "?category=None+such", "?sex=male&q=knee"]
        if "/breakdowns/" in path:  # which all have the same view: one query for each, in turn
            queries = [queries[number % 3]]
        for query in queries:
            query = query.replace("?", "&") if "?" in path else query
            assert client.get(path + query, follow=True).status_code == 200, path + query


def test_pages_open_without_letters(as_supervisor: Any) -> None:
    for path in PAGES:
        assert as_supervisor.get(path, follow=True).status_code == 200, path


def test_pages_need_few_queries(as_supervisor: Any, letters: None) -> None:
    for path in PAGES:
        as_supervisor.get(path, follow=True)
        StatisticsLimits.objects.update(small_cell=5)  # a change, which invalidates all cached answers
        with CaptureQueriesContext(connection) as queries:
            as_supervisor.get(path, follow=True)
        assert len(queries) <= MOST_QUERIES, (path, [query["sql"][:100] for query in queries])


def test_workers_precompute_the_first_pages(as_supervisor: Any, letters: None) -> None:
    StatisticsLimits.objects.update(small_cell=5)  # a change
    as_supervisor.get("/statistics/")  # templates and permissions are read
    count_statistics()
    cached_answers.answers.clear()  # as in a process other than the worker's
    for path in ("/statistics/", "/citations/", "/citations/editions/", "/statistics/breakdowns/category/"):
        with CaptureQueriesContext(connection) as queries:
            as_supervisor.get(path)
        assert not [query["sql"] for query in queries if 'FROM "determinations_itemfact"' in query["sql"]], path


def test_exports_have_the_rows_of_the_table_with_names_in_place_of_keys(as_supervisor: Any, letters: None) -> None:
    for path in EXPORTS:
        rows = as_supervisor.get(path + "json").json()["rows"]
        csv = as_supervisor.get(path + "csv")
        assert csv["Content-Type"].startswith("text/csv")
        text = csv.content.decode("utf-8-sig")
        assert len(text.splitlines()) >= len(rows) + 1
        names = re.sub("Synthetic [^,]*", "", text)  # printed citations of the synthetic letters
        assert not re.search(r"\b(mtus|acoem|odg|other)/[a-z]|\b[a-z]+_[a-z]", names), path
        xlsx = as_supervisor.get(path + "xlsx")
        assert "xl/worksheets/sheet1.xml" in ZipFile(BytesIO(xlsx.content)).namelist()
        assert as_supervisor.get(path + "exe").status_code == 404
    assert AuditEvent.objects.filter(action="statistics.exported").count() == 3 * len(EXPORTS)


def test_the_overview_exports_the_periods_that_it_shows(as_supervisor: Any, letters: None) -> None:
    for step, named in (("year", r"\d{4}"), ("quarter", r"Q[1-4] \d{4}"), ("month", r"[A-Z][a-z]{2} \d{4}")):
        page = as_supervisor.get(f"/statistics/?step={step}&decided_from=2015-01-01")
        (address,) = re.findall(r'href="(/statistics/months\.json[^"]*)"', page.content.decode())
        rows = as_supervisor.get(unescape(address)).json()["rows"]
        shown = [(period["label"], period["items"].value) for period in page.context["periods"]]
        assert [(row[step], row["items"]) for row in rows] == shown
        assert all(re.fullmatch(named, label) for label, _items in shown)
        excel = as_supervisor.get(unescape(address).replace("json", "xlsx"))
        assert (
            openpyxl.load_workbook(BytesIO(excel.content))["About"]["A1"].value
            == f"Letters and items by {step} of decision"
        )


def test_small_cells_are_marked_in_exports(as_supervisor: Any, letters: None) -> None:
    rows = as_supervisor.get("/statistics/breakdowns/subcategory.json").json()["rows"]
    for row in rows:
        counts = (row["items"], row["decided items"], row["overturned items"])
        assert (row["small cell"] == "n<5") == any(0 < count < 5 for count in counts)
    assert any(row["small cell"] for row in rows)


def test_rates_based_on_few_items_are_grayed_out_with_the_reason(as_supervisor: Any, letters: None) -> None:
    page = as_supervisor.get("/statistics/breakdowns/category/").content.decode()
    assert "at least 30 needed" in page
    StatisticsLimits.objects.update(rate_needs=1)
    assert "Based on only" not in as_supervisor.get("/statistics/breakdowns/category/").content.decode()


@pytest.mark.parametrize(
    "address", ["/statistics/?decided_to=2030-01-01", "/statistics/report/?decided_to=2030-01-01"]
)
def test_the_chart_over_time_names_rates_only_where_it_draws_them(
    as_supervisor: Any, letters: None, address: str
) -> None:
    page = as_supervisor.get(address).content.decode()
    assert "Items over time" in page
    assert "Items and overturn rate" not in page
    StatisticsLimits.objects.update(rate_needs=1)
    assert "Items and overturn rate (95% interval) over time" in as_supervisor.get(address).content.decode()


_NUMBER = re.compile(r'<a href="(/(?:items|cases)/\?[^"]*)">([\d,]+)</a>')


SELECTIONS = [
    "", "?category=Surgery&category=Pharmaceuticals", "?specialty=Psychiatry&sex=male",
    "?claims_family=mtus&reviewer_authority=odg/pain", "?decision=upheld&decided_from=2016-02-10",
    "?q=knee&licensure=California", "?rest_of=category%3DSurgery", "?subcategory=Pharmaceuticals/Opioids",
    "?problem=no_specialty&category=Surgery",
]  # fmt: skip


@pytest.mark.slow
def test_numbers_equal_their_lists(as_supervisor: Any, letters: None) -> None:
    counted: dict[str, int] = {}
    for path in (
        "/statistics/?whole=1", "/statistics/compare/?whole=1", "/statistics/report/?whole=1", "/citations/?whole=1",
        "/citations/editions/?whole=1", "/citations/authorities/mtus/chronic-pain/?whole=1",
    ):  # fmt: skip
        for query in SELECTIONS:
            each_number_equals_its_list(as_supervisor, path + query.replace("?", "&"), some=15, counted=counted)
        _a_list_page_shows_the_number(as_supervisor, path)


def test_numbers_of_each_statistic_equal_their_lists(as_supervisor: Any, letters: None) -> None:
    counted: dict[str, int] = {}
    for statistic in STATISTICS:
        path = reverse("statistic", args=[statistic.key])
        for query in ("", "?specialty=Psychiatry&claims_family=mtus", "?decided_from=2016-02-10&decision=overturned"):
            each_number_equals_its_list(as_supervisor, path + query, some=8, counted=counted)


def _numbers(client: Any, path: str) -> list[tuple[str, str]]:
    """The links of the numbers on a page, with the numbers."""
    page = client.get(path, follow=True).content.decode()
    numbers = sorted({(unescape(link), number) for link, number in _NUMBER.findall(page)})
    assert numbers or re.search("No (items|letters|citations)", page)
    return numbers


def each_number_equals_its_list(client: Any, path: str, *, some: int, counted: dict[str, int] | None = None) -> None:
    """Each number equals the number of rows in the list it links to.

    ``counted`` has and gets the numbers of lists that several pages link to, between which nothing changes.
    """
    counted = {} if counted is None else counted
    numbers = _numbers(client, path)
    for link, number in random.Random(path).sample(numbers, min(some, len(numbers))):
        if link not in counted:
            where, _, address = link.partition("?")
            filterset = LISTS[{"/cases/": "cases", "/items/": "items"}[where]].filterset(QueryDict(address))
            counted[link] = filterset.qs.count()
            assert not filterset.errors, (path, link)
        assert f"{counted[link]:,}" == number, (path, link)


def _a_list_page_shows_the_number(client: Any, path: str) -> None:
    link, number = random.Random(path).choice(_numbers(client, path))
    assert str(client.get(link).context["count"]) == number, (path, link)


def test_a_page_without_javascript_links_to_the_whole_page(as_supervisor: Any, letters: None) -> None:
    for path in (
        "/statistics/", "/statistics/compare/", "/statistics/report/", "/citations/authorities/odg/pain/",
        "/statistics/treatments/Pharmaceuticals/Opioids/",
    ):  # fmt: skip
        page = as_supervisor.get(path + "?sex=male", follow=True).content.decode()
        assert 'hx-trigger="load"' in page
        link = unescape(re.findall(r'<a href="([^"]*)">Show the whole page without JavaScript', page)[0])
        whole = as_supervisor.get(link, follow=True).content.decode()
        assert 'hx-trigger="load"' not in whole
        for section in re.findall(r'hx-get="([^"]*)" hx-trigger="load"', page):
            alone = as_supervisor.get(unescape(section), headers={"HX-Request": "true"}).content.decode()
            assert _bare(alone) in _bare(whole), section


def _bare(page: str) -> str:
    return re.sub(r"\s+", " ", page.replace("&amp;whole=1", "")).strip()


@pytest.mark.parametrize(
    ("asked", "beside"),
    [
        ("", {"decided_from": ["2016-01-01"], "decided_to": ["2016-12-31"]}),
        (
            "decided_from=2016-04-01&decided_to=2016-06-30",
            {"decided_from": ["2016-01-01"], "decided_to": ["2016-03-31"]},
        ),
        (
            "decided_from=2017-01-01&decided_to=2017-11-30",  # a year to date: the same days of the year before
            {"decided_from": ["2016-01-01"], "decided_to": ["2016-11-30"]},
        ),
        ("category=Surgery", {"rest_of": ["category=Surgery"]}),
    ],
)
def test_a_comparison_has_a_useful_default(as_supervisor: Any, db: None, asked: str, beside: Any) -> None:
    for day in ("2016-03-01", "2017-12-01"):
        stored_letter(document(item("Knee brace"), case_number=None, decision_date=day))
    response = as_supervisor.get(f"/statistics/compare/?{asked}", follow=True)
    query = QueryDict(response.redirect_chain[-1][0].partition("?")[2])
    assert dict(QueryDict(query["versus"]).lists()) == beside
    if not asked:
        assert query["decided_from"] == "2017-01-01"
    page = as_supervisor.get(f"/statistics/compare/?{asked}&versus=")  # all items, on request
    (to_date,) = [
        preset["url"] for preset in page.context["presets"] if f"{timezone.localdate().year}-01-01" in preset["url"]
    ]
    assert f"{timezone.localdate().year - 1}-01-01" in to_date
    assert all(value in unquote(to_date) for value in asked.split("&") if "decided" not in value)


def test_a_selection_with_a_period_is_named_by_it_and_its_other_filters(as_supervisor: Any, db: None) -> None:
    dates = "decided_from=2016-04-01&decided_to=2016-06-30"
    page = as_supervisor.get(f"/statistics/compare/?{dates}&sex=male&versus=")
    assert page.context["side"]["name"] == "Decided Apr 2016 to Jun 2016; Sex: Male"
    assert [preset["label"] for preset in page.context["presets"]][:2] == [
        "Apr 2016 to Jun 2016 vs. Jan 2016 to Mar 2016", "Apr 2016 to Jun 2016 vs. Apr 2015 to Jun 2015",
    ]  # fmt: skip


def test_items_without_a_date_have_a_row_among_the_years(as_supervisor: Any, db: None) -> None:
    for day in ("2016-03-01", "2017-12-01", None):
        stored_letter(document(item("Knee brace"), case_number=None, decision_date=day))
    years = as_supervisor.get("/statistics/").context["years"]
    assert [(year["label"], year["items"].value) for year in years] == [(2016, 1), (2017, 1), ("No date", 1)]


def test_quality_numbers_equal_their_lists(client: Any, people: Any, letters: None) -> None:
    letter = Letter.objects.filter(case__item_count__gt=1)[0]
    Letter.objects.update(layout="synthetic")
    for path, value in (("age", 44), ("items/1/decision", "overturned"), ("items/2/decision", "upheld")):
        correct_field(letter.pk, path, value, by=people.admin, now=timezone.now(), reason="misread")
    client.force_login(people.admin)
    page = client.get("/statistics/quality/").content.decode()
    numbers = re.findall(r'<a href="(/[^"]*\?[^"]*)">([\d,]+)</a>', page)
    for part in ("state=parsed", "layout=", "problem=", "printed=", "history/?field=age"):
        assert any(part in link for link, _number in numbers), part
    for link, number in numbers:
        assert str(client.get(unescape(link)).context["count"]) == number, link


def test_the_selection_form_offers_every_filter_or_keeps_it(as_supervisor: Any, letters: None) -> None:
    query = "sex=male&also_specialty=Psychiatry&claims_section=opioid&versus=sex%3Dfemale&decided_to=2016-12-31"
    page = as_supervisor.get(f"/statistics/selection/?for=/statistics/compare/&{query}").content.decode()
    for name in ("also_specialty", "versus"):
        assert f'type="hidden" name="{name}"' in page
    for name in ("sex", "claims_section", "decided_to", "state", "corrected", "injured_from", "priority", "q"):
        assert f'name="{name}"' in page, name
    assert 'value="male" id="f-sex-male" checked' in page
    assert as_supervisor.get("/statistics/selection/?for=//example.org/").status_code == 404


def test_every_page_with_a_selection_opens_its_form(as_supervisor: Any, db: None) -> None:
    pages = [page for page in PAGES if "/breakdowns/" not in page] + ["/statistics/timeliness/"]
    offered = {}
    for page in pages:
        found = re.search(r'hx-get="([^"]+)" hx-target="#selection-form"', as_supervisor.get(page).content.decode())
        if found:
            offered[page] = as_supervisor.get(unescape(found[1]), headers={"HX-Request": "true"}).status_code
    assert "/statistics/timeliness/" in offered
    assert set(offered.values()) == {200}, offered


def test_each_side_of_a_comparison_has_its_own_filters_and_its_own_limit(as_supervisor: Any, db: None) -> None:
    StatisticsLimits.objects.update_or_create(pk=1, defaults={"rate_needs": 3, "small_cell": 1})
    for year, letters in ((2016, 3), (2017, 1)):
        for _ in range(letters):
            stored_letter(document(item("Knee brace"), case_number=None, decision_date=f"{year}-03-01"))
    sides = "sex=&decided_from=2016-01-01&decided_to=2016-12-31"
    other = "decided_from%3D2017-01-01%26decided_to%3D2017-12-31"
    page = as_supervisor.get(f"/statistics/compare/?{sides}&versus={other}&whole=1").content.decode()
    assert "A: Decided 2016" in page
    assert "B: Decided 2017" in page
    (row,) = re.findall(r'<td class="number" data-label="Rate [AB]">(.*?)</td>', page)[:2][1:]
    assert "is-few" in row  # B has too few items
    assert "is-few" not in re.findall(r'data-label="Rate A">(.*?)</td>', page)[0]  # A has enough
    changes = [unescape(url) for url in re.findall(r'hx-get="(/statistics/selection/[^"]*)"', page)]
    forms = [as_supervisor.get(url).content.decode() for url in changes]
    assert [re.search(r'action="([^"]*)" class="card selection-form', form)[1] for form in forms] == [  # type: ignore[index]  # found
        "/statistics/compare/", "/statistics/compare/with/",
    ]  # fmt: skip
    moved = as_supervisor.get(f"/statistics/compare/with/?first={quote(sides)}&sex=male&by=sex")
    query = QueryDict(moved["Location"].partition("?")[2])
    assert (query["decided_from"], query["versus"], query["by"]) == ("2016-01-01", "sex=male", "sex")


def test_the_report_opens_on_the_last_full_year_with_enough_items(as_supervisor: Any, db: None) -> None:
    StatisticsLimits.objects.update_or_create(pk=1, defaults={"rate_needs": 2, "small_cell": 1})
    for day in ("2015-05-01", "2015-06-01", "2016-05-01", "2017-02-01", "2017-03-01"):
        stored_letter(document(item("Knee brace"), case_number=None, decision_date=day))
    assert "decided_from=2015-01-01" in as_supervisor.get("/statistics/report/")["Location"]


def test_usual_ranges_of_dates_keep_the_other_filters(as_supervisor: Any, letters: None) -> None:
    page = as_supervisor.get("/items/?sex=male").content.decode()
    links = dict(re.findall(r'<a href="([^"]*)">((?:Last|Year) [^<]*)<', page))
    assert set(links.values()) == {RANGES[key] for key in (*OF_LETTERS, *OF_ADDED)}
    for link in links:
        query = QueryDict(unescape(link).removeprefix("?"))
        field = "added" if "added_from" in query else "decided"
        assert query["sex"] == "male"
        assert query[f"{field}_from"] < query[f"{field}_to"]
    form = as_supervisor.get("/statistics/selection/?for=/statistics/grounds/&question=x").content.decode()
    assert 'href="/statistics/grounds/?question=x&amp;decided_from=' in form
