#!/usr/bin/env bash
# What surprises: lxml.html.fromstring reads a page nested deeper than 254 elements without an error, and leaves out the
# text from there on: also what follows after everything is closed again. Only the parser's error log, which nobody
# passes on, has a FATAL line. The parser's option huge_tree=True reads all of it.
# A good engineer expects an exception, as lxml.etree gives for XML of that depth, or the text: browsers show it, and an
# e-mail that was answered often enough is nested so. Whoever stores text_content() stores half a message as a whole one.
#
# Versions: lxml 6.1.3 (libxml2 2.14.6). Output seen:
#   254 levels: 'insideafter'
#   255 levels: ''
#   255 levels, huge_tree: 'insideafter'
#   XML: XMLSyntaxError
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check lxml==6.1.3
"$folder/venv/bin/python" - <<'PYTHON'
from importlib.metadata import version

import lxml.etree
import lxml.html


def page(levels: int) -> str:
    return "<html><body>" + "<div>" * levels + "inside" + "</div>" * levels + "<p>after</p></body></html>"


def text(levels: int, **options: bool) -> str:
    return lxml.html.fromstring(page(levels), parser=lxml.html.HTMLParser(**options)).text_content()


shallow, deep, huge = text(254), text(255), text(255, huge_tree=True)
try:
    lxml.etree.fromstring(page(255))
    of_xml = "no error"
except lxml.etree.XMLSyntaxError as error:
    of_xml = type(error).__name__

print("lxml", version("lxml"), "libxml2", ".".join(map(str, lxml.etree.LIBXML_VERSION)))
print("254 levels:", repr(shallow))
print("255 levels:", repr(deep))
print("255 levels, huge_tree:", repr(huge))
print("XML:", of_xml)
assert shallow == huge == "insideafter", "the text that is read has changed"
assert deep == "", "text below 254 levels is read now"
assert of_xml == "XMLSyntaxError", "XML of that depth is read now"
print("As stated.")
PYTHON
