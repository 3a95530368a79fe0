"""Content controls of Word that are mapped to XML: the XML is what Word shows, not the text that is saved in them."""

import docx.oxml.ns
import pytest
from lxml.etree import XPath

from determinations.extraction import word_data
from determinations.extraction.child import read_text
from determinations.extraction.formatted import word_to_text
from determinations.extraction.results import LIMITS, TooLarge
from tests.extraction.files import archive
from tests.extraction.formatted import text_of

W = docx.oxml.ns.nsdecls("w", "w14")
COMPATIBILITY = "http://schemas.openxmlformats.org/markup-compatibility/2006"
RELATIONSHIPS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
STORED = "http://schemas.openxmlformats.org/officeDocument/2006/customXml"
ID = "{11111111-2222-3333-4444-555555555555}"
DATA = (
    '<l:letter xmlns:l="urn:synthetic" case="CM26-0000001"><l:decision>Overturned</l:decision><l:code>2</l:code>'
    "<l:date>2026-03-04T00:00:00</l:date><l:is_urgent>true</l:is_urgent><l:is_final>0</l:is_final><l:lines>a\nb</l:lines><l:nothing/></l:letter>"
)
ENTRIES = '<w:listItem w:displayText="Upheld" w:value="1"/><w:listItem w:displayText="Overturned" w:value="2"/>'
SAVED = "<w:r><w:rPr><w:b/></w:rPr><w:t>Up</w:t><w:tab/></w:r><w:r><w:t>held</w:t></w:r>"

WINGDINGS = '<w:rPr><w:rFonts w:ascii="Wingdings" w:hAnsi="Wingdings"/></w:rPr>'
SYMBOL = '<w:r><w:sym w:font="Wingdings" w:char="F0FE"/></w:r>'
HIDDEN, SHOWN = "<w:r><w:rPr><w:vanish/></w:rPr><w:t>x</w:t></w:r>", "<w:r><w:t>Upheld</w:t></w:r>"
DELETED = "<w:del><w:r><w:delText>Old</w:delText></w:r></w:del>"


def control(path: str, kind: str = "<w:text/>", saved: str = SAVED, item_id: str = ID, prefixes: str = "") -> str:
    prefixes = prefixes or "xmlns:l='urn:synthetic'"
    binding = f'<w:dataBinding w:prefixMappings="{prefixes}" w:xpath="{path}" w:storeItemID="{item_id}"/>'
    return f"<w:sdt><w:sdtPr>{binding}{kind}</w:sdtPr><w:sdtContent>{saved}</w:sdtContent></w:sdt>"


def inline(*arguments: str) -> str:
    return f"<w:p><w:r><w:t>Decision: </w:t></w:r>{control(*arguments)}</w:p>"


def related(kind: str, target: str) -> bytes:
    one = f'<Relationship Id="r" Type="{RELATIONSHIPS}/{kind}" Target="{target}"/>'
    namespace = "http://schemas.openxmlformats.org/package/2006/relationships"
    return f'<Relationships xmlns="{namespace}">{one}</Relationships>'.encode()


def members(body: str, data: str = DATA) -> dict[str, bytes]:
    return {
        "[Content_Types].xml": b"<x/>",
        "word/document.xml": f"<w:document {W}><w:body>{body}</w:body></w:document>".encode(),
        "word/_rels/document.xml.rels": related("customXml", "../customXml/item7.xml"),
        "customXml/item7.xml": data.encode(),
        "customXml/_rels/item7.xml.rels": related("customXmlProps", "props.xml"),
        "customXml/props.xml": f'<d:datastoreItem xmlns:d="{STORED}" d:itemID="{ID.lower()}"/>'.encode(),
    }


def read(body: str, **changed: bytes | None) -> str:
    """The text of a document with this body; ``changed`` are other bytes of its data, relationships or properties."""
    names = {"data": "customXml/item7.xml", "links": "word/_rels/document.xml.rels", "props": "customXml/props.xml"}
    parts = members(body)
    for name, data in changed.items():
        del parts[names[name]]
        if data is not None:
            parts[names[name]] = data
    return text_of(archive(parts)).rstrip("\n")


def _day(picture: str, more: str = "") -> str:
    return f"<w:date><w:dateFormat w:val='{picture}'/>{more}</w:date>"


@pytest.mark.parametrize(
    ("arguments", "shown"),
    [
        (("/l:letter/l:decision",), "Overturned"),
        (("/l:letter[1]/@case",), "CM26-0000001"),
        (("/l:letter/l:code", f"<w:dropDownList>{ENTRIES}</w:dropDownList>"), "Overturned"),
        (("/l:letter/l:decision", f"<w:comboBox>{ENTRIES}</w:comboBox>"), "Overturned"),
        (("/l:letter/l:date", _day("M/d/yyyy")), "3/4/2026"),
        (("/l:letter/l:date", _day("dddd, MMMM dd, yyyy", "<w:lid w:val='en-US'/>")), "Wednesday, March 04, 2026"),
        (("/l:letter/l:date", _day("MM/dd/yy", "<w:storeMappedDataAs w:val='dateTime'/>")), "03/04/26"),
        (("/l:letter/l:decision", _day("M/d/yyyy")), "Overturned"),
        (("/l:letter/l:date", _day("M/d/yyyy", "<w:storeMappedDataAs w:val='text'/>")), "2026-03-04T00:00:00"),
        (("/l:letter/l:date", _day("M/d/yyyy h:mm")), "Up\theld"),
        (("/l:letter/l:date", _day("d MMMM yyyy", "<w:lid w:val='es-MX'/>")), "Up\theld"),
        (("/l:letter/l:is_urgent", "<w14:checkbox><w14:checked w14:val='0'/></w14:checkbox>", "<w:r/>"), "☒"),
        (("/l:letter/l:nothing", "<w14:checkbox/>", "<w:r/>"), "☐"),
        (("/l:letter/l:nothing", "<w14:checkbox/>", "<w:r><w:t>☒</w:t></w:r>"), "☒"),
        (("/l:letter/l:nothing", "<w14:checkbox/>", SYMBOL), "☒"),
        (("/l:letter/l:code", "<w14:checkbox/>", SYMBOL), "☒"),
        (("/l:letter/l:is_final", "<w14:checkbox/>", SYMBOL), "☐"),
        (("/l:letter/l:is_urgent", "<w14:checkbox/>", f"<w:r>{WINGDINGS}<w:t>o</w:t></w:r>"), "☒"),
        (("/l:letter/l:code", "<w14:checkbox/>", "<w:r/>"), "☐"),
        (("/l:letter/l:lines",), "a b"),
        (("/l:letter/l:lines", '<w:text w:multiLine="1"/>'), "a\nb"),
        (("/l:letter/l:nothing",), ""),
        (("/l:letter/l:nothing", "<w:showingPlcHdr/><w:text/>"), "Up\theld"),
        (("/l:letter/l:nothing", "<w:showingPlcHdr w:val='1'/><w:text/>"), "Up\theld"),
        (("/l:letter/l:nothing", "<w:showingPlcHdr w:val='0'/><w:text/>"), ""),
        (("/l:letter/l:nothing", f"<w:dropDownList>{ENTRIES}</w:dropDownList>"), ""),
        (("/l:letter/l:nothing", f"<w:showingPlcHdr/><w:dropDownList>{ENTRIES}</w:dropDownList>"), "Up\theld"),
        (("/l:letter/l:nothing", "<w:richText/>"), "Up\theld"),
        (("/l:letter/l:decision", "<w:text/>", ""), "Overturned"),
        (("/l:letter/l:decision", "<w:richText/>"), "Up\theld"),
        (("/l:letter/l:decision", ""), "Up\theld"),
        (("/l:letter/l:unknown",), "Up\theld"),
        (("/m:letter",), "Up\theld"),
        (("/l:letter[",), "Up\theld"),
        (("count(/l:letter)",), "Up\theld"),
        (("",), "Up\theld"),
        (("/l:letter/l:decision", "<w:text/>", SAVED, "{0}"), "Overturned"),
        (("/k:letter/k:decision", "<w:text/>", SAVED, ID, "xmlns:j='' xmlns:k = 'urn:synthetic'"), "Overturned"),
    ],
)
def test_a_mapped_control_shows_its_data(arguments: tuple[str, ...], shown: str) -> None:
    assert read(inline(*arguments)) == f"Decision: {shown}".rstrip("\n")


def test_controls_of_paragraphs_cells_and_rows_keep_their_place() -> None:
    def paragraph(text: str) -> str:
        return f"<w:p><w:r><w:t>{text}</w:t></w:r></w:p>"

    path = "/l:letter/l:decision"
    cell = control(path, "<w:text/>", f"<w:tc>{paragraph('Upheld')}</w:tc>")
    row = f"<w:tr><w:tc>{paragraph('MRI')}</w:tc>{cell}</w:tr>"
    body = f"{control(path, '<w:text/>', paragraph('Upheld'))}<w:tbl>{row}</w:tbl>{paragraph('end')}"
    assert read(body) == "Overturned\nMRI\tOverturned\nend"


@pytest.mark.parametrize(
    "saved",
    [
        DELETED,
        f"{DELETED}<w:ins>{SHOWN}</w:ins>",
        f"<w:moveFrom>{SHOWN}</w:moveFrom>{SHOWN}",
        f"<w:moveFrom>{SHOWN}</w:moveFrom><w:moveTo>{SHOWN}</w:moveTo>",
        f"{HIDDEN}{SHOWN}",
        f"{HIDDEN}{DELETED}{SHOWN}{HIDDEN}",
        f'<w:r><w:rPr><w:rStyle w:val="Secret"/></w:rPr><w:t>x</w:t></w:r>{SHOWN}',
        f"<w:r><w:rPr><w:vanish/></w:rPr><w:txbxContent><w:p>{SHOWN}</w:p></w:txbxContent></w:r>{SHOWN}",
        f'<m:AlternateContent xmlns:m="{COMPATIBILITY}"><m:Fallback>{SHOWN}</m:Fallback></m:AlternateContent>{SHOWN}',
        f"<w:r>{WINGDINGS}<w:t>o</w:t></w:r>",
    ],
)
def test_data_are_shown_whatever_was_saved(saved: str) -> None:
    style = '<w:style w:type="character" w:styleId="Secret"><w:rPr><w:vanish/></w:rPr></w:style>'
    parts = members(inline("/l:letter/l:decision", "<w:text/>", saved))
    parts["word/styles.xml"] = f"<w:styles {W}>{style}</w:styles>".encode()
    assert text_of(archive(parts)).strip() == "Decision: Overturned"


def test_a_control_whose_text_is_hidden_stays_hidden() -> None:
    assert read(inline("/l:letter/l:decision", "<w:text/>", HIDDEN)) == "Decision: "


def test_data_keep_the_style_that_shows_them_in_a_hidden_paragraph() -> None:
    styles = "".join(
        f'<w:style w:type="{kind}" w:styleId="{kind}"><w:rPr><w:vanish/></w:rPr></w:style>'
        for kind in ("paragraph", "character")
    )
    saved = '<w:r><w:rPr><w:rStyle w:val="character"/></w:rPr><w:t>Upheld</w:t></w:r>'
    mapped = control("/l:letter/l:decision", "<w:text/>", saved)
    parts = members(f'<w:p><w:pPr><w:pStyle w:val="paragraph"/></w:pPr>{mapped}</w:p>')
    parts["word/styles.xml"] = f"<w:styles {W}>{styles}</w:styles>".encode()
    assert text_of(archive(parts)).strip() == "Overturned"


@pytest.mark.parametrize(
    "saved", ["<w:tc><w:p/></w:tc>", "<w:tc/>", "", f"<w:tc><w:p>{DELETED}</w:p></w:tc>", "<w:tc><w:p/><w:p/></w:tc>"]
)
def test_an_empty_cell_of_a_control_does_not_split_its_row(saved: str) -> None:
    words = "<w:tc><w:p><w:r><w:t>MRI</w:t></w:r></w:p></w:tc>"
    cell = control("/l:letter/l:decision", "<w:text/>", saved)
    assert read(f"<w:tbl><w:tr>{words}{cell}{words}</w:tr></w:tbl>") == "MRI\tOverturned\tMRI"


@pytest.mark.parametrize("saved", ["<w:tr><w:tc><w:p/></w:tc></w:tr>", "<w:tr><w:tc/></w:tr>", "<w:tr/>", ""])
def test_an_empty_row_of_a_control_is_a_row(saved: str) -> None:
    words = "<w:tr><w:tc><w:p><w:r><w:t>MRI</w:t></w:r></w:p></w:tc></w:tr>"
    row = control("/l:letter/l:decision", "<w:text/>", saved)
    assert read(f"<w:tbl>{words}{row}{words}</w:tbl>") == "MRI\nOverturned\nMRI"


@pytest.mark.parametrize("around", ["{}", "<w:p><w:r><w:txbxContent>{}</w:txbxContent></w:r></w:p>"])
def test_an_empty_control_between_paragraphs_is_a_paragraph(around: str) -> None:
    mapped = control("/l:letter/l:decision", "<w:text/>", "")
    body = around.format(f"<w:p><w:r><w:t>a</w:t></w:r></w:p>{mapped}<w:p><w:r><w:t>b</w:t></w:r></w:p>")
    assert read(body).strip() == "a\nOverturned\nb"


def test_an_entity_among_the_relationships_is_no_relationship() -> None:
    links = related("customXml", "../customXml/item7.xml").replace(b"<Relationship ", b"&a;<Relationship ")
    links = b'<!DOCTYPE d [<!ENTITY a "b">]>' + links
    assert read(inline("/l:letter/l:decision"), links=links) == "Decision: Overturned"


def test_each_part_is_read_once_and_each_path_is_followed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    followed: list[str] = []

    def path(xpath: str, **options: object) -> XPath:
        followed.append(xpath)
        return XPath(xpath, **options)

    monkeypatch.setattr(word_data, "XPath", path)
    opened: list[str] = []
    part = word_data._related

    def related_parts(name: str, *arguments: object) -> object:
        opened.append(name)
        return part(name, *arguments)  # type: ignore[arg-type]  # passed on

    monkeypatch.setattr(word_data, "_related", related_parts)
    one = related("customXml", "../customXml/item7.xml")
    start, end = one.index(b"<Relationship "), one.index(b"</Relationships>")
    links = one[:start] + one[start:end] * 50 + one[end:]
    body = inline("/l:letter/l:decision") * 20 + inline("/l:letter/l:code")
    assert read(body, links=links).count("Overturned") == 20
    assert followed == ["/l:letter/l:decision", "/l:letter/l:code"]
    assert opened == ["word/document.xml", "customXml/item7.xml"]


def test_data_that_are_shown_too_often_are_too_large() -> None:
    data = DATA.replace("Overturned", "a" * (LIMITS.characters // 4))
    few, many = (archive(members(inline("/l:letter/l:decision") * often, data)) for often in (3, 5))
    assert len(word_to_text(few, LIMITS)) > LIMITS.characters // 2
    with pytest.raises(TooLarge, match="more than the 1,000,000 characters"):
        read_text(many, LIMITS)


@pytest.mark.parametrize("name", ["data", "links"])
@pytest.mark.parametrize("damaged", [None, b"", b"<x", b"<x/>"])
def test_without_its_data_a_control_keeps_its_text(name: str, damaged: bytes | None) -> None:
    assert read(inline("/l:letter/l:decision"), **{name: damaged}) == "Decision: Up\theld"


@pytest.mark.parametrize("damaged", [None, b"", b"<x/>"])
def test_data_without_an_id_are_found_by_their_path(damaged: bytes | None) -> None:
    assert read(inline("/l:letter/l:decision"), props=damaged) == "Decision: Overturned"


def test_controls_show_the_properties_of_the_document() -> None:
    core = "http://schemas.openxmlformats.org/package/2006/metadata/core-properties"
    path, prefixes = "/c:coreProperties/d:subject", f"xmlns:c='{core}' xmlns:d='http://purl.org/dc/elements/1.1/'"
    body = inline(path, "<w:text/>", SAVED, "{6C3C8BC8-F283-45AE-878A-BAB7291924A1}", prefixes)
    subject = f'<c:coreProperties xmlns:c="{core}" xmlns:d="http://purl.org/dc/elements/1.1/"><d:subject>Claim 7'
    parts = members(body) | {"docProps/core.xml": f"{subject}</d:subject></c:coreProperties>".encode()}
    assert text_of(archive(parts)).strip() == "Decision: Claim 7"


def test_entities_of_the_data_are_not_resolved() -> None:
    data = f'<!DOCTYPE d [<!ENTITY a "{"a" * 10}">]><l:letter xmlns:l="urn:synthetic"><l:decision>Overturned&a;'
    assert "a" * 10 not in read(inline("/l:letter/l:decision"), data=f"{data}</l:decision></l:letter>".encode())
