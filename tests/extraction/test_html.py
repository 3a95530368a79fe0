"""Text of HTML: as it is shown, with the fields of forms."""

import pytest

from tests.extraction.formatted import text_of


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "cp1252"])
def test_text_of_html(encoding: str) -> None:
    html = (
        "<!DOCTYPE html><html><head><title>T</title><style>p {}</style></head><body><script>alert(1)</script>"
        "<table><tr><td>Case Number:</td><td>one</td></tr><tr><td>Date:</td><td>two</td></tr></table>"
        "<p>Synthetic &amp; “quoted”<br>line</p><pre>one\ntwo</pre></body></html>"
    )
    assert text_of(html.encode(encoding)).split("\n") == [
        *("Case Number: one", "Date: two", "", "Synthetic & “quoted”", "line", "", "one", "two")
    ]


def test_no_text_is_lost_in_html_that_is_nested_deeply() -> None:
    """By default lxml drops everything from the 255th level on."""
    html = "<html><body>" + "<div>" * 400 + "synthetic" + "</div>" * 400 + "<p>after</p></body></html>"
    assert text_of(html.encode()).split() == ["synthetic", "after"]


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ('<div style="font-size:1px; DISPLAY: none !important">preview</div>Synthetic', "Synthetic"),
        ("<p>Synthetic <span hidden>not <b>at all</b> </span>Upheld</p>", "Synthetic Upheld"),
        ('<p>Synthetic <span style="display:inline">Upheld</span></p>', "Synthetic Upheld"),
        ('<p>Synthetic <span style="mso-hide:all">letter</span></p>', "Synthetic letter"),
        ('<p style="display:none;mso-hide:all">a</p><p>Synthetic</p>', "Synthetic"),
        ('<p style="display:none; display:block">Synthetic</p>', "Synthetic"),
        ('<div hidden><p hidden>a</p></div><p style="color: red">Synthetic</p>', "Synthetic"),
    ],
)
def test_html_that_is_not_shown_is_not_read(html: str, text: str) -> None:
    assert text_of(f"<html><body>{html}<p>end of the letter</p></body></html>".encode()).split("\n")[0] == text


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<select><option>Upheld<option selected>Overturned</select>.", "Overturned."),
        ("<select><option>Upheld</option><option>Overturned</option></select> on", "Upheld on"),
        ("<select multiple><option>Upheld</option></select>none", "none"),
        ('<input type="checkbox" checked> Expedited <input TYPE="Radio"> Standard', "☒ Expedited ☐ Standard"),
        (
            'Claim: <input value="WC-1"> <input type="hidden" value="7"><input type="submit" value="Send">',
            "Claim: WC-1",
        ),
        ("<textarea>as typed</textarea>", "as typed"),
        ('<input type="" value="WC-1"> <input type="claim" value="2">', "WC-1 2"),
        ("<datalist><option>Upheld</option></datalist>none", "none"),
        ("<select><option selected>Upheld<option selected>Overturned</select>", "Overturned"),
    ],
)
def test_fields_of_an_html_form_are_text(html: str, text: str) -> None:
    page = f"<html><body><form><p>Synthetic letter</p><p>{html}</p></form></body></html>"
    assert [line for line in text_of(page.encode()).split("\n") if line] == ["Synthetic letter", text]


def test_a_declared_character_set_counts() -> None:
    html = '<html><meta http-equiv="Content-Type" content="text/html; charset=iso-8859-15"><p>Synthetic 5 €</p>'
    assert text_of(html.encode("iso-8859-15")) == "Synthetic 5 €"
