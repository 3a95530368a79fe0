"""What content controls of a Word document show where they are mapped to XML that the document carries.

Programs that fill in letters write only that XML. By ISO/IEC 29500-1, 17.5.2.6, it replaces the text that is saved in
the control, which is then of the template, or of an earlier letter.
"""

import calendar
import posixpath
import re
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from lxml.etree import SubElement, XPath, XPathError, _Element

from determinations.extraction.symbols import CHECKED, UNCHECKED
from determinations.extraction.word_styles import name_of as _word

#: Opens a part of the package; None if it is missing or damaged.
OpenPart = Callable[[str], _Element | None]

_CONTROL, _PROPERTIES, _CONTENT = _word("sdt"), _word("sdtPr"), _word("sdtContent")
_RUN, _RUN_FORMAT, _TEXT = _word("r"), _word("rPr"), _word("t")
_CONTAINERS = (_word("p"), _word("tc"))
_BINDING, _PLACEHOLDER = _word("dataBinding"), _word("showingPlcHdr")
_PLAIN, _DATE, _LISTS = _word("text"), _word("date"), (_word("dropDownList"), _word("comboBox"))
_BOX = "{http://schemas.microsoft.com/office/word/2010/wordml}checkbox"
_ITEM_ID = "{http://schemas.openxmlformats.org/officeDocument/2006/customXml}itemID"
_MAIN = "word/document.xml"
#: The properties of the document, which controls can be mapped to as well; these IDs are the same in all documents.
_DOCUMENT_PROPERTIES = {
    "{6C3C8BC8-F283-45AE-878A-BAB7291924A1}": "docProps/core.xml",
    "{6668398D-A668-4E3E-A5EB-62B293D839F1}": "docProps/app.xml",
}
#: ``xmlns:a='http://example.org'``
_PREFIX = re.compile(r"xmlns:([\w.-]+)\s*=\s*(?:\"([^\"]+)\"|'([^']+)')")
#: ``MMMM d, yyyy``
_DATE_PART = re.compile(r"yyyy|yy|M{1,4}|d{1,4}|'(?P<quoted>[^']*)'|(?P<shown>[^A-Za-z'])")


@dataclass(frozen=True, slots=True)
class _Data:
    """The XML parts of a document, in order, and by the ID that a control names (in capitals)."""

    parts: tuple[_Element, ...]
    by_id: Mapping[str, _Element]

    def value(self, binding: _Element) -> str | None:
        """What the element or attribute that a control is mapped to holds; None if there is none."""
        named = self.by_id.get(binding.get(_word("storeItemID"), "").upper())
        prefixes = {
            prefix: double or single
            for prefix, double, single in _PREFIX.findall(binding.get(_word("prefixMappings"), ""))
        }
        try:
            path = XPath(binding.get(_word("xpath"), ""), namespaces=prefixes, regexp=False, smart_strings=False)
            matches = (path(part) for part in (self.parts if named is None else (named,)))
            match = next((match[0] for match in matches if isinstance(match, list) and match), None)
        except XPathError:
            return None
        return "".join(match.itertext()) if isinstance(match, _Element) else match if isinstance(match, str) else None


def fill_in_controls(root: _Element, package: zipfile.ZipFile, open_part: OpenPart) -> None:
    """Write into each mapped control of ``document.xml`` what Word shows there; one without a value is left alone."""
    controls = [
        (control, binding)
        for control in root.iter(_CONTROL)
        if (binding := control.find(f"{_PROPERTIES}/{_BINDING}")) is not None
    ]
    if not controls:
        return
    data = _data(package, open_part)
    for control, binding in controls:
        properties, content = control.find(_PROPERTIES), control.find(_CONTENT)
        value = data.value(binding)
        if properties is None or content is None or value is None:
            continue
        shown = _shown(properties, value)
        if shown is not None:
            _replace(content, shown)


def _data(package: zipfile.ZipFile, open_part: OpenPart) -> _Data:
    names = frozenset(package.namelist())
    parts: list[_Element] = []
    by_id: dict[str, _Element] = {}
    for name in _related(_MAIN, "/customXml", names, open_part):
        part = open_part(name)
        if part is None:
            continue
        parts.append(part)
        for properties_name in _related(name, "/customXmlProps", names, open_part):
            properties = open_part(properties_name)
            if properties is not None:
                by_id.setdefault(properties.get(_ITEM_ID, "").upper(), part)
    for item_id, name in _DOCUMENT_PROPERTIES.items():
        part = open_part(name)
        if part is not None:
            by_id[item_id] = part
    return _Data(tuple(parts), by_id)


def _related(name: str, kind: str, names: frozenset[str], open_part: OpenPart) -> Iterator[str]:
    """The names of the parts that a part has a relationship of this kind to."""
    folder, file = posixpath.split(name)
    relationships = open_part(f"{folder}/_rels/{file}.rels")
    for relationship in () if relationships is None else relationships:
        target = posixpath.normpath(posixpath.join("/", folder, relationship.get("Target", ""))).lstrip("/")
        if relationship.get("Type", "").endswith(kind) and target in names:
            yield target


def _shown(properties: _Element, value: str) -> str | None:
    """A value as the control shows it; None where what is saved in the control stays."""
    if not value.strip():
        return "" if properties.find(_PLACEHOLDER) is None else None
    plain, box, day = properties.find(_PLAIN), properties.find(_BOX), properties.find(_DATE)
    if plain is not None:
        return value if _is_multiline(plain) else " ".join(value.split())
    if box is not None:
        return CHECKED if value.strip() in ("true", "1") else UNCHECKED
    if day is not None:
        return _date_shown(day, value.strip())
    choices = next((found for found in map(properties.find, _LISTS) if found is not None), None)
    return None if choices is None else _choice(choices, value.strip())


def _is_multiline(plain: _Element) -> bool:
    return plain.get(_word("multiLine"), "0") in ("1", "true", "on")


def _choice(choices: _Element, value: str) -> str:
    """The name of an entry of a list: only its value is in the data."""
    for entry in choices.iterfind(_word("listItem")):
        if entry.get(_word("value")) == value:
            return entry.get(_word("displayText"), value)
    return value


def _date_shown(day: _Element, value: str) -> str | None:
    """A date in the format of its control; None for formats with times or in other languages than English."""
    kept, picture, language = (
        element.get(_word("val"), "") if (element := day.find(_word(name))) is not None else ""
        for name in ("storeMappedDataAs", "dateFormat", "lid")
    )
    if kept == "text" or not picture:
        return value
    try:
        when = date.fromisoformat(value[:10])
    except ValueError:
        return value
    if language and not language.lower().startswith("en"):
        return None
    parts = list(_DATE_PART.finditer(picture))
    if "".join(part[0] for part in parts) != picture:
        return None
    return "".join(_date_part(part, when) for part in parts)


def _date_part(part: re.Match[str], when: date) -> str:
    if part["quoted"] is not None or part["shown"] is not None:
        return part["quoted"] or part["shown"] or ""
    return {
        "yyyy": f"{when.year:04}", "yy": f"{when.year % 100:02}",
        "MMMM": calendar.month_name[when.month], "MMM": calendar.month_abbr[when.month],
        "MM": f"{when.month:02}", "M": str(when.month),
        "dddd": calendar.day_name[when.weekday()], "ddd": calendar.day_abbr[when.weekday()],
        "dd": f"{when.day:02}", "d": str(when.day),
    }[part[0]]  # fmt: skip


def _replace(content: _Element, text: str) -> None:
    """Make ``text`` the text of a control: in its first run, whose format it keeps."""
    runs = list(content.iter(_RUN))
    for run in runs[1:]:
        run.getparent().remove(run)
    if runs:
        run = runs[0]
        for child in list(run):
            if child.tag != _RUN_FORMAT:
                run.remove(child)
    else:
        run = SubElement(next(content.iter(*_CONTAINERS), content), _RUN)
    SubElement(run, _TEXT).text = text
