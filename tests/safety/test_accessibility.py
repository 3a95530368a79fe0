"""What the walks of all pages find: each fault of colors among many elements that look right, in either theme."""

import re
from typing import Any

from tests.accessibility import faults_of

_PAGE = """<!doctype html><html lang="en"><head><title>Rows</title><style>
body {{ background: #fff; color: #222 }} button {{ background: #fff; color: #333 }}
button:disabled {{ color: #ccc }} .pale {{ background: #222 }} .beside {{ color: #333 }}
@media (prefers-color-scheme: dark) {{ body {{ background: #111; color: #eee }} .night {{ color: #222 }} }}
</style></head><body><main><h1>Rows</h1><table><tr><th>Row</th></tr>{rows}</table></main></body></html>"""
_FINE = "<tr><td class='row'><b>fine</b></td></tr>"


def test_each_fault_among_many_rows_is_found(browser: Any) -> None:
    odd = [
        "<td class='row'><b style='color: #ccc'>by day</b></td>",
        "<td class='row pale'><b class='beside'>always</b></td>",
        "<td class='row'><b class='night'>by night</b></td>",
        "<td class='row'><button disabled>never</button><button style='color: #ccc'>button</button></td>",
        "<td class='row'><button></button></td>",
        "<td class='row'><div style='width: 500px'>wide</div></td>",
    ]
    context = browser.new_context()
    page = context.new_page()
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
    context.close()


def test_of_equal_elements_two_are_weighed_and_one_on_other_grounds(browser: Any) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.set_content(_PAGE.format(rows=_FINE * 30))
    assert faults_of(page) == []
    assert page.locator("b[data-weighed]").count() == 2
    page.evaluate("document.querySelectorAll('tr')[20].style.background = '#333'")
    assert [fault[0] for fault in faults_of(page)] == ["color-contrast"], "dark on dark, by day"
    assert page.locator("b[data-weighed]").count() == 3
    context.close()
