"""Synthetic files of word processors for tests, and their text."""

import io
import zipfile

import docx
from docx.oxml import parse_xml

from determinations.extraction.child import read_text
from determinations.extraction.results import LIMITS
from tests.extraction.files import archive

_ODF = "urn:oasis:names:tc:opendocument:xmlns"
ODF = "".join(f' xmlns:{name}="{_ODF}:{name}:1.0"' for name in ("office", "text", "table", "style", "draw"))
ODF += f' xmlns:fo="{_ODF}:xsl-fo-compatible:1.0"'


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
