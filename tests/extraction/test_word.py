"""Text of Word documents: as Word shows it, with check marks, choices and styles."""

import io
import zipfile

import docx
import pytest
from docx.oxml.ns import nsdecls

from determinations.extraction.child import read_text
from determinations.extraction.results import LIMITS
from tests.extraction.files import archive
from tests.extraction.formatted import saved, text_of, word

W = nsdecls("w")


def test_text_of_a_word_document_with_its_tables_and_pages() -> None:
    document = docx.Document()
    document.add_paragraph("Synthetic letter\tof one\nand two")
    table = document.add_table(2, 2)
    for at, text in enumerate(("Case Number:", "one", "Date:", "two")):
        table.cell(at // 2, at % 2).text = text
    document.add_page_break()
    document.add_paragraph("Second page")
    extracted = read_text(saved(document), LIMITS)
    first, second = extracted.text.split("\f")
    assert first == "Synthetic letter\tof one\nand two\nCase Number:\tone\nDate:\ttwo\n"
    assert second.split() == ["Second", "page"]
    assert (extracted.pages, extracted.method) == (2, "text")


@pytest.mark.parametrize(
    ("element", "text"),
    [
        (f"<w:sdt {W}><w:sdtContent><w:p><w:r><w:t>filled in</w:t></w:r></w:p></w:sdtContent></w:sdt>", "filled in"),
        (f"<w:p {W}><w:ins w:id='1'><w:r><w:t>added</w:t></w:r></w:ins></w:p>", "added"),
        (f"<w:p {W}><w:del w:id='1'><w:r><w:delText>gone</w:delText><w:t>gone</w:t></w:r></w:del></w:p>", ""),
        (f"<w:p {W}><w:r><w:rPr><w:vanish/></w:rPr><w:t>hidden</w:t></w:r></w:p>", ""),
        (f"<w:p {W}><w:r><w:rPr><w:vanish w:val='0'/></w:rPr><w:t>shown</w:t></w:r></w:p>", "shown"),
        (f"<w:p {W}><w:r><w:t>low</w:t><w:noBreakHyphen/><w:t>back</w:t></w:r></w:p>", "low-back"),
        (
            f"<w:p {W} xmlns:mc='http://schemas.openxmlformats.org/markup-compatibility/2006'><w:r><w:t>before</w:t>"
            "<mc:AlternateContent><mc:Choice Requires='wps'><w:txbxContent><w:p><w:r><w:t>in a box</w:t></w:r></w:p>"
            "</w:txbxContent></mc:Choice><mc:Fallback><w:p><w:r><w:t>in a box</w:t></w:r></w:p></mc:Fallback>"
            "</mc:AlternateContent></w:r></w:p>",
            "before\nin a box",
        ),
    ],
    ids=["content control", "insertion", "deletion", "hidden", "not hidden", "hyphen", "text box"],
)
def test_everything_that_word_shows_is_read_once(element: str, text: str) -> None:
    lines = text_of(word("Synthetic", element, "end")).split("\n")
    assert [line for line in lines if line] == ["Synthetic", *text.splitlines(), "end"]


def field(data: str, result: str = "") -> str:
    """A paragraph with a field of a form, as Word 2003 and its successors save it."""
    begin = f"<w:r><w:fldChar w:fldCharType='begin'><w:ffData>{data}</w:ffData></w:fldChar></w:r>"
    code = "<w:r><w:instrText> FORMFIELD </w:instrText></w:r>"
    shown = f"<w:r><w:fldChar w:fldCharType='separate'/></w:r><w:r>{result}</w:r>" if result else ""
    return f"<w:p {W}>{begin}{code}{shown}<w:r><w:fldChar w:fldCharType='end'/></w:r></w:p>"


ENTRIES = "<w:listEntry w:val='Upheld'/><w:listEntry w:val='Overturned'/>"


@pytest.mark.parametrize(
    ("element", "text"),
    [
        (f"<w:p {W}><w:r><w:sym w:font='Wingdings' w:char='F0FE'/><w:t> Overturned</w:t></w:r></w:p>", "☒ Overturned"),
        (f"<w:p {W}><w:r><w:sym w:font='Wingdings' w:char='00A8'/><w:t> Upheld</w:t></w:r></w:p>", "☐ Upheld"),
        (f"<w:p {W}><w:r><w:t>VAS </w:t><w:sym w:font='Symbol' w:char='F0B3'/><w:t> 5</w:t></w:r></w:p>", "VAS ≥ 5"),
        (f"<w:p {W}><w:r><w:t>a</w:t><w:sym w:font='Of the office' w:char='F0B3'/></w:r></w:p>", "a"),
        (f"<w:p {W}><w:r><w:rPr><w:rFonts w:ascii='Wingdings'/></w:rPr><w:t>\uf0fe</w:t></w:r></w:p>", "☒"),
        (f"<w:p {W}><w:r><w:rPr><w:rFonts w:ascii='Arial'/></w:rPr><w:t>\u00fe</w:t></w:r></w:p>", "\u00fe"),
        (field("<w:checkBox><w:sizeAuto/><w:default w:val='0'/><w:checked/></w:checkBox>"), "☒"),
        (field("<w:checkBox><w:sizeAuto/><w:default w:val='1'/><w:checked w:val='0'/></w:checkBox>"), "☐"),
        (field("<w:checkBox><w:sizeAuto/><w:default w:val='1'/></w:checkBox>"), "☒"),
        (field(f"<w:ddList><w:result w:val='1'/>{ENTRIES}</w:ddList>"), "Overturned"),
        (field(f"<w:ddList>{ENTRIES}</w:ddList>"), "Upheld"),
        (field(f"<w:ddList><w:result w:val='7'/>{ENTRIES}</w:ddList>"), ""),
        (field(f"<w:ddList><w:result w:val=''/>{ENTRIES}</w:ddList>"), ""),
        (field(f"<w:ddList><w:result w:val='1'/>{ENTRIES}</w:ddList>", "<w:t>Overturned</w:t>"), "Overturned"),
        (field(f"<w:ddList><w:result w:val='1'/>{ENTRIES}</w:ddList>", "<w:t> </w:t>"), "Overturned "),
        (field("<w:checkBox><w:checked/></w:checkBox>", "<w:t>\u2612</w:t>"), "☒"),
        (field("<w:checkBox><w:checked/></w:checkBox>", "<w:sym w:font='Wingdings' w:char='F0FE'/>"), "☒"),
        (f"<w:p {W}><w:r><w:sym w:font='Wingdings' w:char=''/><w:t>Upheld</w:t></w:r></w:p>", "Upheld"),
        (f"<w:p {W}><w:r><w:rPr><w:rFonts w:ascii='Symbol'/></w:rPr><w:t>a date \u00b3</w:t></w:r></w:p>", "a date ≥"),
        (f"<w:p {W}><w:r><w:sym w:font='Wingdings' w:char='F071'/><w:t> Upheld</w:t></w:r></w:p>", "❑ Upheld"),
    ],
)
def test_check_marks_and_choices_of_a_word_document_are_text(element: str, text: str) -> None:
    lines = text_of(word("Synthetic letter", element, "end")).split("\n")
    assert [line for line in lines if line] == ["Synthetic letter", *text.splitlines(), "end"]


def _style(kind: str, name: str, vanish: str = "", base: str = "", more: str = "") -> str:
    properties = f"<w:rPr><w:vanish{vanish}/></w:rPr>" if vanish != "-" else ""
    based = f'<w:basedOn w:val="{base}"/>' if base else ""
    return f'<w:style w:type="{kind}" w:styleId="{name}"{more}><w:name w:val="{name}"/>{based}{properties}</w:style>'


_ON, _OFF, _SAYS_NOTHING = " ", ' w:val="0"', "-"
_STYLES = "".join(
    [
        _style("paragraph", "Hid", _ON), _style("paragraph", "HidToo", _SAYS_NOTHING, "Hid"),
        _style("paragraph", "Shown", _OFF, "Hid"), _style("character", "HidRun", _ON),
        _style("character", "HidRunToo", _SAYS_NOTHING, "HidRun"), _style("table", "HidTable", _ON),
        _style("character", "Round", _SAYS_NOTHING, "Again"), _style("character", "Again", _SAYS_NOTHING, "Round"),
    ]
)  # fmt: skip


def _styled(body: str, styles: str = _STYLES) -> str:
    document = f"<w:document {W}><w:body>{body}</w:body></w:document>".encode()
    members = {"[Content_Types].xml": b"<x/>", "word/document.xml": document}
    if styles:
        members["word/styles.xml"] = f"<w:styles {W}>{styles}</w:styles>".encode()
    return " ".join(text_of(archive(members)).split())


def _run(text: str, style: str = "", own: str = "") -> str:
    named = f'<w:rStyle w:val="{style}"/>' if style else ""
    return f"<w:r><w:rPr>{named}{own}</w:rPr><w:t>{text}</w:t></w:r>"


def _paragraph(style: str, *runs: str) -> str:
    named = f'<w:pPr><w:pStyle w:val="{style}"/></w:pPr>' if style else ""
    return f"<w:p>{named}{''.join(runs)}</w:p>"


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (_paragraph("", _run("is "), _run("not ", "HidRun"), _run("necessary")), "is necessary"),
        (_paragraph("", _run("is "), _run("not ", "HidRunToo"), _run("necessary")), "is necessary"),
        (_paragraph("HidToo", _run("a draft")) + _paragraph("", _run("Upheld")), "Upheld"),
        (_paragraph("Shown", _run("Upheld")), "Upheld"),
        (_paragraph("Hid", _run("hidden "), _run("Upheld", own="<w:vanish w:val='false'/>")), "Upheld"),
        (_paragraph("Hid", _run("hidden "), _run("Upheld", "HidRun")), "Upheld"),
        (_paragraph("", _run("Upheld", "Round"), _run(".", "Unknown")), "Upheld."),
        (
            "<w:tbl><w:tblPr><w:tblStyle w:val='HidTable'/></w:tblPr><w:tr><w:tc>"
            f"{_paragraph('', _run('a draft'))}</w:tc></w:tr></w:tbl>{_paragraph('', _run('Upheld'))}",
            "Upheld",
        ),
    ],
    ids=["run", "based on", "paragraph", "shown again", "own format", "toggled back", "circle", "table"],
)  # fmt: skip
def test_text_that_a_style_of_word_hides_is_not_read(body: str, text: str) -> None:
    assert _styled(body) == text


def test_default_styles_of_word_hide_too() -> None:
    body = _paragraph("", _run("a draft"), _run("Upheld", own="<w:vanish w:val='0'/>"))
    assert (
        _styled(body, "<w:docDefaults><w:rPrDefault><w:rPr><w:vanish/></w:rPr></w:rPrDefault></w:docDefaults>")
        == "Upheld"
    )
    assert _styled(body, _style("paragraph", "Normal", _ON, more=' w:default="1"')) == "Upheld"
    assert _styled(body, "") == "a draftUpheld"


@pytest.mark.parametrize("styles", [b"", b"<w:styles", b"<a/>"])
def test_a_word_document_of_which_the_styles_are_damaged_is_read(styles: bytes) -> None:
    document = f"<w:document {W}><w:body>{_paragraph('', _run('Upheld'))}</w:body></w:document>".encode()
    members = {"[Content_Types].xml": b"<x/>", "word/document.xml": document, "word/styles.xml": styles}
    assert text_of(archive(members)).strip() == "Upheld"


def test_a_word_document_that_begins_with_a_picture() -> None:
    parts = {"thumbnail.jpeg": b"x" * 5000}
    with zipfile.ZipFile(io.BytesIO(word("Synthetic"))) as package:
        parts |= {name: package.read(name) for name in package.namelist()}
    assert text_of(archive(parts, zipfile.ZIP_STORED)).strip() == "Synthetic"


def test_entities_are_not_resolved() -> None:
    body = f'<!DOCTYPE d [<!ENTITY a "{"a" * 10}">]><w:document {W}><w:t>Synthetic&a;</w:t></w:document>'
    assert "a" * 10 not in text_of(archive({"[Content_Types].xml": b"<x/>", "word/document.xml": body.encode()}))
