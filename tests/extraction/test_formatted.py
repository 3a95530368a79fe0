"""Word, OpenDocument, RTF and HTML: their text without formatting, and reasons for damaged files."""

import io
import zipfile

import docx
import pytest
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls

from determinations.extraction.child import read_text
from determinations.extraction.reader import TextReader
from determinations.extraction.results import LIMITS, Damaged, NoText, TooLarge
from tests.extraction.files import archive


def word(*paragraphs: str) -> bytes:
    """A Word document of paragraphs, and of anything else that begins with ``<``."""
    document = docx.Document()
    for paragraph in paragraphs:
        if paragraph.startswith("<"):
            document.element.body.insert_element_before(parse_xml(paragraph), "w:sectPr")
        else:
            document.add_paragraph(paragraph)
    return saved(document)


def saved(document: docx.document.Document) -> bytes:
    target = io.BytesIO()
    document.save(target)
    return target.getvalue()


def text_of(data: bytes) -> str:
    return read_text(data, LIMITS).text


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


_ODF = "urn:oasis:names:tc:opendocument:xmlns"
ODF = "".join(f' xmlns:{name}="{_ODF}:{name}:1.0"' for name in ("office", "text", "table", "style", "draw"))
ODF += f' xmlns:fo="{_ODF}:xsl-fo-compatible:1.0"'


def open_document(body: str, *, kind: str = "text") -> bytes:
    """An OpenDocument as LibreOffice saves it; ``NewPage`` is the style of a paragraph that starts a page."""
    properties = '<style:paragraph-properties fo:break-before="page"/>'
    styles = f'<style:style style:name="NewPage" style:family="paragraph">{properties}</style:style>'
    content = (
        f"<office:document-content{ODF}><office:automatic-styles>{styles}</office:automatic-styles>"
        f"<office:body><office:text>{body}</office:text></office:body></office:document-content>"
    )
    members = {"mimetype": f"application/vnd.oasis.opendocument.{kind}".encode(), "content.xml": content.encode()}
    return archive(members, zipfile.ZIP_STORED)


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


W = nsdecls("w")


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


@pytest.mark.parametrize("styles", [b"", b"<w:styles", b"<a/>"])
def test_a_word_document_of_which_the_styles_are_damaged_is_read(styles: bytes) -> None:
    document = f"<w:document {W}><w:body>{_paragraph('', _run('Upheld'))}</w:body></w:document>".encode()
    members = {"[Content_Types].xml": b"<x/>", "word/document.xml": document, "word/styles.xml": styles}
    assert text_of(archive(members)).strip() == "Upheld"


def test_fonts_of_rtf_are_looked_for_with_work_that_grows_with_the_text() -> None:
    """A font of 2,000 words has no name; where each space had two meanings, there were 2 to the power of 2,000."""
    fonts = rb"{\fonttbl{\f1" + rb"\b " * 2_000 + rb"{}}{\f10\fcharset2 Wingdings;}}"
    assert text_of(rb"{\rtf1\ansi" + fonts + rb"Synthetic {\f10\'fe}}") == "Synthetic ☒"


def test_a_word_document_that_begins_with_a_picture() -> None:
    parts = {"thumbnail.jpeg": b"x" * 5000}
    with zipfile.ZipFile(io.BytesIO(word("Synthetic"))) as package:
        parts |= {name: package.read(name) for name in package.namelist()}
    assert text_of(archive(parts, zipfile.ZIP_STORED)).strip() == "Synthetic"


def test_entities_are_not_resolved() -> None:
    body = f'<!DOCTYPE d [<!ENTITY a "{"a" * 10}">]><w:document {W}><w:t>Synthetic&a;</w:t></w:document>'
    assert "a" * 10 not in text_of(archive({"[Content_Types].xml": b"<x/>", "word/document.xml": body.encode()}))


def test_text_of_rtf() -> None:
    data = (
        rb"{\rtf1\ansi\ansicpg1252{\fonttbl{\f0 Arial;}}\f0 Synthetic letter of \'93one\'94\par "
        rb"\trowd Case Number:\cell one\cell\row\pard {\pict\pngblip " + b"00ff" * 1000 + rb"}\page second\u8211?}"
    )
    extracted = read_text(data, LIMITS)
    assert extracted.text == "Synthetic letter of “one”\nCase Number:\tone\t\n\f second–"
    assert extracted.pages == 2


@pytest.mark.parametrize(
    ("marked", "text"),
    [
        (rb"{Surgery is }{\deleted\revauthdel1 not }{necessary.}", "Surgery is necessary."),
        (rb"{Surgery is \deleted not \deleted0 necessary.}", "Surgery is necessary."),
        (rb"{Surgery is \v not{\b at all} \plain necessary.}", "Surgery is necessary."),
        (rb"{Surgery is }{\revised\revauth1 not }{necessary.}", "Surgery is not necessary."),
        (rb"{\deleted it\rquote s \'e1 \u8211? \{x\} }{Upheld}{\mvf  here}{\mvt  there}", "Upheld there"),
        (rb"{\deleted a{\deleted0 Upheld}b}.", "Upheld."),
        (rb"{\v{\*\unknown \plain settings}}Upheld", "Upheld"),
        (rb"{\vertalt\viewkind4 Upheld}", "Upheld"),
        (rb"\cs10 not \cs0 Upheld", "Upheld"),
        (rb"{\cs11 not }Upheld{\cs12 .}", "Upheld."),
        (rb"{\s1 hidden \v0 Upheld}", "Upheld"),
        (rb"{\s2 hidden \pard Upheld}", "Upheld"),
        (rb"{\s0 Upheld}", "Upheld"),
    ],
)
def test_rtf_is_read_as_it_is_shown(marked: bytes, text: str) -> None:
    styles = rb"{\stylesheet{Normal;}{\s1\v Hid;}{\s2\sbasedon1 HidToo;}{\*\cs10\v A;}{\*\cs11\sbasedon10 B;}"
    styles += rb"{\*\cs12\sbasedon10\v0 C;}{\*\ts11\tsrowd\v Table;}}"
    assert (
        text_of(rb"{\rtf1\ansi\ansicpg1252" + styles + rb"Synthetic: " + marked + rb"\par end}")
        == f"Synthetic: {text}\nend"
    )


FONTS = (
    rb"{\fonttbl{\f0\fswiss Arial;}{\f3\fbidi \froman\fcharset2\fprq2{\*\panose 05050102010706020507}Symbol;}"
    rb"{\f10\fnil\fcharset2\fprq2{\*\panose 05000000000000000000}Wingdings;}}"
)
CHOICES = rb"{\*\ffname D}{\*\ffl Upheld}{\*\ffl Overturned}"


def rtf_field(instruction: bytes, data: bytes = b"", result: bytes = b"") -> bytes:
    form = rb"{\*\formfield{" + data + b"}}" if data else b""
    return rb"{\field{\*\fldinst {" + instruction + form + rb"}}{\fldrslt {\f0\fs20 " + result + b"}}}"


@pytest.mark.parametrize(
    ("marked", "text"),
    [
        (rb"Upheld {\f10\'a8} Overturned {\f10\fs24 \'fe}", "Upheld ☐ Overturned ☒"),
        (rb"{\loch\af10\dbch\af31505\hich\f10 \u-3842\'fe} Overturned", "☒ Overturned"),
        (rb"\f10 oq\f0 o {\f10 x\plain x}", "☐❑o ☒x"),
        (rb"{\f0\fs20 Symbol;}\f3 a date", "Symbol;a date"),
        (rb"VAS {\f3 \'b3} 5, 90{\f3\'b0} \'b0", "VAS ≥ 5, 90° °"),
        (rb"{\f10\'41}", "A"),
        (rtf_field(rb"FORMCHECKBOX ", rb"\fftype1\ffres1{\*\ffname E}") + b" Expedited", "☒ Expedited"),
        (rtf_field(rb"FORMCHECKBOX ", rb"\fftype1\ffres0{\*\ffname E}") + b" Expedited", "☐ Expedited"),
        (rtf_field(rb"FORMCHECKBOX ", rb"\fftype1\ffres25\ffdefres1"), "☒"),
        (
            b"Decision: " + rtf_field(rb"FORMDROPDOWN ", rb"\fftype2\ffres1\ffhaslistbox" + CHOICES),
            "Decision: Overturned",
        ),
        (rtf_field(rb"FORMDROPDOWN ", rb"\fftype2\ffres25" + CHOICES), "Upheld"),
        (rtf_field(rb"FORMDROPDOWN ", rb"\fftype2\ffres7" + CHOICES) + b"end", "end"),
        (rtf_field(rb"FORMDROPDOWN ", rb"\fftype2\ffres1" + CHOICES, b"Overturned"), "Overturned"),
        (rtf_field(rb'SYMBOL 254 \\f "Wingdings" \\s 10') + b" Overturned", "☒ Overturned"),
        (rtf_field(rb"FORMTEXT ", rb"\fftype0", b"Acme") + rtf_field(b"PAGE", b"", b"2"), "Acme2"),
    ],
)
def test_check_marks_and_choices_of_rtf_are_text(marked: bytes, text: str) -> None:
    read = text_of(rb"{\rtf1\ansi\ansicpg1252" + FONTS + rb"\f0 Synthetic letter: " + marked + rb"\par end}")
    assert read == f"Synthetic letter: {text}\nend"


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


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (word("Synthetic")[:-300], Damaged),
        (archive({"[Content_Types].xml": b"<x/>", "word/document.xml": b"<w:document"}), Damaged),
        (archive({"[Content_Types].xml": b"<x/>", "word/document.xml": b"<x/>"}), NoText),
        (b"<html><body><p> </p></body></html>", NoText),
        (b"<!-- synthetic --><html><!-- synthetic -->", NoText),
        (rb"{\rtf1 }", NoText),
        (b"<html>" + b"<p>synthetic" * 100_000, TooLarge),
    ],
    ids=["cut", "no XML", "no text", "empty page", "comments", "empty RTF", "long"],
)
def test_documents_without_a_letter_have_their_reason(data: bytes, reason: type[Exception]) -> None:
    with pytest.raises(reason):
        read_text(data, LIMITS)


def test_the_confined_child_reads_them_and_no_bomb_harms_it() -> None:
    bomb = archive({"[Content_Types].xml": b"<x/>", "word/document.xml": b"<a>" * 200_000})
    with TextReader() as reader:
        with pytest.raises(Damaged):
            reader.read(bomb)
        with pytest.raises(Damaged):
            reader.read(b"<html>" + b"<b>" * 100_000 + b"synthetic")
        assert reader.read(word("Synthetic")).text == "Synthetic\n"
        assert reader.read(rb"{\rtf1\ansi\ansicpg1250 Synthetic \'e1}").text == "Synthetic á"
        assert reader.read(b"<html><p>Synthetic</p></html>").text == "Synthetic"
