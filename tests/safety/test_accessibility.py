"""What the walks of all pages find: each fault of colors among many elements that look right, in either theme."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import accessibility
from tests.accessibility import faults_of

_PAGE = """<!doctype html><html lang="en"><head><title>Rows</title><style>
body {{ background: #fff; color: #222 }} button {{ background: #fff; color: #333 }}
button:disabled {{ color: #ccc }} .pale {{ background: #222 }} .beside {{ color: #333 }}
@media (prefers-color-scheme: dark) {{ body {{ background: #111; color: #eee }} .night {{ color: #222 }} }}
</style></head><body><main><h1>Rows</h1><table><tr><th>Row</th></tr>{rows}</table></main></body></html>"""
_FINE = "<tr><td class='row'><b>fine</b></td></tr>"


@pytest.fixture
def empty(browser: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """An empty page without the product; no looks are known."""
    monkeypatch.setattr(accessibility, "_PASSED", tmp_path / "looks_that_passed")
    context = browser.new_context()
    yield context.new_page()
    context.close()


def test_each_fault_among_many_rows_is_found(empty: Any) -> None:
    odd = [
        "<td class='row'><b style='color: #ccc'>by day</b></td>",
        "<td class='row pale'><b class='beside'>always</b></td>",
        "<td class='row'><b class='night'>by night</b></td>",
        "<td class='row'><button disabled>never</button><button style='color: #ccc'>button</button></td>",
        "<td class='row'><button></button></td>",
        "<td class='row'><div style='width: 500px'>wide</div></td>",
    ]
    page = empty
    page.set_content(_PAGE.format(rows="".join(f"{_FINE * 5}<tr>{each}</tr>{_FINE * 5}" for each in odd)))
    by_night, *by_day, phone = faults_of(page)
    faults = (by_night, *sorted(by_day), phone)
    words = re.compile(">([^<]*)<")
    found = [(rule, [said for place in places for said in words.findall(place)]) for rule, places in faults]
    assert found == [
        ("color-contrast", ["always", "by night", "button"]),
        ("button-name", [""]),
        ("color-contrast", ["by day", "always", "button"]),
        ("wider than a phone", []),
    ]


def test_of_badges_that_look_alike_the_one_that_can_be_weighed_is(empty: Any) -> None:
    """Of a single character, and of one that is no letter, the rule says nothing."""
    for badges in (("3", "128", "64", "7"), ("✓", "wrong", "✓")):
        empty.set_content(
            _PAGE.format(rows="".join(f"<tr><td><i style='color: #ccc'>{one}</i></td></tr>" for one in badges))
        )
        assert [fault[0] for fault in faults_of(empty)] == ["color-contrast"], badges


def test_of_equal_elements_two_are_weighed_and_one_on_other_grounds(empty: Any) -> None:
    page = empty
    page.set_content(_PAGE.format(rows=_FINE * 30))
    assert faults_of(page) == []
    assert page.locator("b[data-weighed]").count() == 2
    page.evaluate("document.querySelectorAll('tr')[20].style.background = '#333'")
    assert [fault[0] for fault in faults_of(page)] == ["color-contrast"], "dark on dark, by day"
    assert page.locator("b[data-weighed]").count() == 1, "the others passed a moment ago"


def test_what_lies_under_an_element_by_position_is_part_of_its_look(empty: Any) -> None:
    row = "<tr><td><div style='position: relative'>{}<p style='position: relative'>words of a page</p></div></td></tr>"
    under = "<i style='position: absolute; inset: 0; background: {}'></i>"
    for layer, by_day, by_night in (
        ("", True, True),
        ("#444", False, True),
        ("#fff", True, False),
        ("#444", False, True),
    ):
        empty.set_content(_PAGE.format(rows=row.format(under.format(layer) if layer else "")))
        assert len(faults_of(empty)) == [by_day, by_night].count(False), layer


def test_what_passed_on_another_page_is_not_weighed_again_unless_it_looks_otherwise(empty: Any) -> None:
    page = empty
    page.set_content(_PAGE.format(rows=_FINE * 3))
    assert faults_of(page) == []
    page.set_content(_PAGE.format(rows=f"{_FINE * 3}<tr><td>new <b class='night'>pale at night</b></td></tr>"))
    for _ in range(2):
        ((rule, [place]),) = faults_of(page)
        assert (rule, "pale at night" in place) == ("color-contrast", True)
    assert page.locator("[data-weighed]").count() == 0, "by day, all of it has passed"
