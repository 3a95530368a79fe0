"""Rows of statistics that are rendered in Python, and the addresses behind their numbers."""

from types import SimpleNamespace
from typing import cast
from unittest.mock import Mock

import pytest
from django.http import QueryDict

from determinations.browsing.selection import ListLinks, narrow
from determinations.statistics.definition import Filters
from determinations.statistics.interface import CitationGroup
from determinations.statistics.published import Published
from determinations.statistics.tabulate import Row, Tally
from determinations.templatetags.statistics import ground_cells, number_cells, period_rows, statistic_rows
from determinations.views.statistics.context import Number, RowView
from determinations.views.statistics.grounds import Cell, RowOfGrounds
from determinations.views.statistics.sections import SectionRow, cited_sections

HOSTILE = "<script>'\"&"
ESCAPED = "&lt;script&gt;&#x27;&quot;&amp;"
NUMBER = Number(1234, '/items/?q="<&sex=female')
LINKED = '<a href="/items/?q=&quot;&lt;&amp;sex=female">1,234</a>'
FEW = Tally(12, 10, 4)


def test_a_row_of_a_statistic_escapes_its_label_page_and_links() -> None:
    row = Row("key", HOSTILE, FEW, 12.34, enough=False, small=False)
    published = Published(30.5, 2016, HOSTILE)
    html = statistic_rows([RowView(row, NUMBER, Number(0), published, None, "/page/?" + HOSTILE, 40)], 30)
    assert "<script" not in html
    assert f'<tr data-label="{ESCAPED}" data-items="12"' in html
    assert f'<a class="main-link" href="/page/?{ESCAPED}">{ESCAPED}</a>' in html
    assert f'style="width: 40%"></span>{LINKED}</td>' in html
    assert "Based on only 10 decided items (at least 30 needed)" in html
    assert f'title="2016: {ESCAPED}"' in html


def test_a_row_over_time_escapes_its_label_and_marks_what_has_no_date() -> None:
    period = {"key": "unknown", "label": HOSTILE, "letters": NUMBER, "items": NUMBER, "overturned": Number(0),
              "tally": FEW, "enough": True}  # fmt: skip
    html = period_rows([period], 30)
    assert html.strip().startswith(f'<tr data-undated data-label="{ESCAPED}" data-items="12" data-rate="40.00"')
    assert f'<th scope="row">{ESCAPED}</th>' in html
    assert html.count(LINKED) == 2


def test_cells_of_grounds_escape_their_names() -> None:
    row = RowOfGrounds("", "", NUMBER, (Cell(NUMBER, 12.34), Cell(Number(0), None)), enough=False)
    html = ground_cells(row, [SimpleNamespace(label=HOSTILE), SimpleNamespace(label="Other")], 30)
    few = ' title="Based on only 1234 items (at least 30 needed)"'
    assert html == (
        f'<td class="number" data-label="{ESCAPED}"><span>{LINKED}'
        f' <span class="share is-few"{few}>12.3%</span></span></td>'
        f'<td class="number" data-label="Other"><span>0 <span class="share is-few"{few}>–</span></span></td>'
    )


def test_a_cell_without_a_number_is_empty() -> None:
    assert number_cells([NUMBER, None]) == f'<td class="number">{LINKED}</td><td class="number"></td>'


@pytest.mark.parametrize(
    "filters",
    [
        {},
        {"sex": ["male"], "by_item": ["yes"]},
        {"decided_from": ["2016-03-01"], "decided_to": ["2016-03-31"], "decision": ["overturned"]},
        {"decided_from": ["2015-01-01"], "decided_to": ["2018-12-31"]},
        {"category": ["Pharmaceuticals"]},
        {"subcategory": ["Pharmaceuticals/Opioids & more"]},
        {"ground": ["evidence", "failed"]},
        {"claims_family": ["odg"]},
    ],
)
@pytest.mark.parametrize(
    "address",
    [
        "",
        "q=a%26b+%22%3Cx%3E&sex=female&sex=unknown",
        "decided_from=02%2F10%2F2016&decided_to=Mar+15%2C+2016",
        "decided_from=nonsense&ground=failed&claims_family=mtus&also_claims_family=acoem",
        "category=Surgery&category=Pharmaceuticals&subcategory=Surgery%2FKnee",
    ],
)
def test_the_address_of_a_list_is_that_of_the_narrowed_query(address: str, filters: Filters) -> None:
    query = QueryDict(address)
    lists, encoded = ListLinks(query), narrow(query, filters).urlencode()
    for _again in range(2):
        assert lists.to("item_list", filters) == (f"/items/?{encoded}" if encoded else "/items/")
    assert query.urlencode() == QueryDict(address).urlencode()


def test_sections_with_the_same_name_and_number_are_in_the_same_order_every_time() -> None:
    groups = [CitationGroup(("claims", authority, "MRI"), 5, 5, 2) for authority in (1, 2)]
    pages = []
    for counted in (groups, groups[::-1]):
        context = Mock(
            limits=Mock(rate_needs=30), labels=Mock(authority_by_id={1: Mock(short="a"), 2: Mock(short="b")})
        )
        context.engine.count_sections.return_value = counted
        sides = cast("list[tuple[str, list[SectionRow]]]", cited_sections(context)["cited_sections"])
        pages.append([row.authority for row in sides[0][1]])
    assert pages == [["a", "b"], ["a", "b"]]
