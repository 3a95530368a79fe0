"""Text of OpenDocument files, with their pages and styles."""

import zipfile

import pytest

from determinations.extraction.child import read_text
from determinations.extraction.results import LIMITS, Damaged
from tests.extraction.files import archive
from tests.extraction.formatted import ODF, open_document, text_of


def test_text_of_an_open_document_with_its_tables_and_pages() -> None:
    extracted = read_text(
        open_document(
            "<text:tracked-changes><text:p>deleted</text:p></text:tracked-changes>"
            "<text:h>Synthetic   letter</text:h><text:p>of<text:tab/>one<text:line-break/>and"
            '<text:s text:c="2"/><text:span>two</text:span>, <office:annotation><text:p>a comment</text:p>'
            "</office:annotation>three</text:p><table:table><table:table-row><table:table-cell>"
            "<text:p>Case Number:</text:p></table:table-cell><table:table-cell><text:p>one</text:p>"
            "</table:table-cell></table:table-row></table:table>"
            '<text:p text:style-name="NewPage">Second<draw:frame><draw:text-box><text:p>box</text:p></draw:text-box>'
            "</draw:frame> page</text:p>"
        ),
        LIMITS,
    )
    first, second = extracted.text.split("\f")
    assert first == "Synthetic letter\nof\tone\nand  two, three\nCase Number:\tone\n"
    assert second.split() == ["Second", "box", "page"]
    assert (extracted.pages, extracted.method) == (2, "text")


@pytest.mark.parametrize("content", [b"<office:a/>", b"<a/>", b"no document"])
def test_a_damaged_open_document_is_reported(content: bytes) -> None:
    members = {"mimetype": b"application/vnd.oasis.opendocument.text", "content.xml": content}
    with pytest.raises(Damaged):
        read_text(archive(members, zipfile.ZIP_STORED), LIMITS)


def test_text_that_a_style_of_an_open_document_hides_is_not_read() -> None:
    hides = '<style:text-properties text:display="none"/>'
    shows = '<style:text-properties text:display="true"/>'
    common = (
        f'<style:style style:name="Hid" style:family="paragraph">{hides}</style:style>'
        f'<style:style style:name="HidRun" style:family="text">{hides}</style:style>'
    )
    automatic = (
        '<style:style style:name="P1" style:family="paragraph" style:parent-style-name="Hid"/>'
        f'<style:style style:name="T1" style:family="text" style:parent-style-name="HidRun">{shows}</style:style>'
        '<style:style style:name="T2" style:family="text" style:parent-style-name="HidRun"/>'
    )
    body = (
        '<text:p text:style-name="P1">a draft<text:s/><text:span text:style-name="T1">Upheld</text:span></text:p>'
        '<text:p>is <text:span text:style-name="T2">not </text:span>necessary</text:p>'
        '<text:section text:display="none"><text:p>a draft</text:p></text:section>'
    )
    content = (
        f"<office:document-content{ODF}><office:automatic-styles>{automatic}</office:automatic-styles>"
        f"<office:body><office:text>{body}</office:text></office:body></office:document-content>"
    )
    styles = f"<office:document-styles{ODF}><office:styles>{common}</office:styles></office:document-styles>"
    members = {
        "mimetype": b"application/vnd.oasis.opendocument.text", "content.xml": content.encode(),
        "styles.xml": styles.encode(),
    }  # fmt: skip
    assert text_of(archive(members, zipfile.ZIP_STORED)).split("\n")[:2] == ["Upheld", "is necessary"]
    assert "draft" not in text_of(archive(members, zipfile.ZIP_STORED))


def test_styles_of_an_open_document_are_those_of_its_content_first() -> None:
    page = '<style:paragraph-properties fo:break-before="page"/>'
    styles = f"<office:document-styles{ODF}><office:automatic-styles>"
    styles += f'<style:style style:name="P1" style:family="paragraph">{page}</style:style>'
    styles += f'<style:style style:name="P2" style:family="table">{page}</style:style>'
    styles += "</office:automatic-styles></office:document-styles>"
    content = (
        f"<office:document-content{ODF}><office:automatic-styles>"
        '<style:style style:name="P1" style:family="paragraph"/></office:automatic-styles><office:body><office:text>'
        '<text:p>one</text:p><text:p text:style-name="P1">two</text:p><text:p text:style-name="P2">three</text:p>'
        "</office:text></office:body></office:document-content>"
    )
    members = {
        "mimetype": b"application/vnd.oasis.opendocument.text", "content.xml": content.encode(),
        "styles.xml": styles.encode(),
    }  # fmt: skip
    assert read_text(archive(members, zipfile.ZIP_STORED), LIMITS).pages == 1
    members["styles.xml"] = styles.encode()[:60]
    assert text_of(archive(members, zipfile.ZIP_STORED)).split() == ["one", "two", "three"]
