"""What content controls of a Word document show where they are mapped to XML that the document carries.

Programs that fill in letters write only that XML. By ISO/IEC 29500-1, 17.5.2.6, it replaces the text that is saved in
the control, which is then of the template, or of an earlier letter.
"""

import calendar
import posixpath
import re
import zipfile
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import date
from functools import cache

from lxml.etree import Element, SubElement, XPath, XPathError, _Element

from determinations.extraction.results import Limits, TooLarge
from determinations.extraction.symbols import CHECKED, UNCHECKED
from determinations.extraction.word_document import is_hidden, is_left_out
from determinations.extraction.word_styles import HidingStyles, is_on
from determinations.extraction.word_styles import name_of as _word

#: Opens a part of the package; None if it is missing or damaged.
OpenPart = Callable[[str], _Element | None]

_CONTROL, _PROPERTIES, _CONTENT = _word("sdt"), _word("sdtPr"), _word("sdtContent")
_RUN, _RUN_FORMAT, _FONTS = _word("r"), _word("rPr"), _word("rFonts")
_TEXT, _SYMBOL = _word("t"), _word("sym")
_PARAGRAPH, _CELL, _ROW, _TABLE, _TEXT_BOX = map(_word, ("p", "tc", "tr", "tbl", "txbxContent"))
#: What is missing between these and a run.
_BELOW: Mapping[str, tuple[str, ...]] = {
    _PARAGRAPH: (), _CELL: (_PARAGRAPH,), _ROW: (_CELL, _PARAGRAPH), _TABLE: (_ROW, _CELL, _PARAGRAPH),
    _TEXT_BOX: (_PARAGRAPH,),
}  # fmt: skip
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
    #: By what was looked up: many controls may be mapped to one element.
    known: dict[tuple[str, ...], str | None] = field(default_factory=dict)

    def value(self, binding: _Element) -> str | None:
        """What the element or attribute that a control is mapped to holds; None if there is none."""
        mapping = tuple(binding.get(_word(name), "") for name in ("storeItemID", "xpath", "prefixMappings"))
        if mapping not in self.known:
            self.known[mapping] = self._look_up(*mapping)
        return self.known[mapping]

    def _look_up(self, item_id: str, xpath: str, mappings: str) -> str | None:
        named = self.by_id.get(item_id.upper())
        prefixes = {prefix: double or single for prefix, double, single in _PREFIX.findall(mappings)}
        try:
            path = XPath(xpath, namespaces=prefixes, regexp=False, smart_strings=False)
            matches = (path(part) for part in (self.parts if named is None else (named,)))
            match = next((match[0] for match in matches if isinstance(match, list) and match), None)
        except XPathError:
            return None
        return "".join(match.itertext()) if isinstance(match, _Element) else match if isinstance(match, str) else None


def fill_in_controls(
    root: _Element, package: zipfile.ZipFile, open_part: OpenPart, styles: HidingStyles, limits: Limits
) -> None:
    """Write into each mapped control of ``document.xml`` what Word shows there; one without a value is left alone.

    Raises ``TooLarge`` if that is more text than a document may have.
    """
    controls = [
        (control, binding)
        for control in root.iter(_CONTROL)
        if (binding := control.find(f"{_PROPERTIES}/{_BINDING}")) is not None
    ]
    if not controls:
        return
    data, written = _data(package, cache(open_part)), 0
    for control, binding in controls:
        properties, content = control.find(_PROPERTIES), control.find(_CONTENT)
        value = data.value(binding)
        if properties is None or content is None or value is None:
            continue
        shown = _shown(properties, content, value)
        if shown is not None:
            written += len(shown)
            if written > limits.characters:
                raise TooLarge(f"The text has more than the {limits.characters:,} characters that are allowed.")
            _replace(content, shown, styles)


def _data(package: zipfile.ZipFile, open_part: OpenPart) -> _Data:
    names = frozenset(package.namelist())
    parts: list[_Element] = []
    by_id: dict[str, _Element] = {}
    for name in dict.fromkeys(_related(_MAIN, "/customXml", names, open_part)):
        part = open_part(name)
        if part is None:
            continue
        parts.append(part)
        for properties_name in dict.fromkeys(_related(name, "/customXmlProps", names, open_part)):
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
    for relationship in () if relationships is None else relationships.iterchildren(tag="{*}Relationship"):
        target = posixpath.normpath(posixpath.join("/", folder, relationship.get("Target", ""))).lstrip("/")
        if relationship.get("Type", "").endswith(kind) and target in names:
            yield target


def _shown(properties: _Element, content: _Element, value: str) -> str | None:
    """A value as the control shows it; None where what is saved in the control stays.

    Where the data of a text, date or list are empty, its placeholder is shown, whatever was saved (17.5.2.25).
    """
    box = properties.find(_BOX)
    if box is not None:
        return _mark(content, value.strip())
    plain, day = properties.find(_PLAIN), properties.find(_DATE)
    choices = next((found for found in map(properties.find, _LISTS) if found is not None), None)
    if plain is None and day is None and choices is None:
        return None
    if not value.strip():
        return None if is_on(properties.find(_PLACEHOLDER)) else ""
    if plain is not None:
        return value if _is_multiline(plain) else " ".join(value.split())
    if day is not None:
        return _date_shown(day, value.strip())
    return None if choices is None else _choice(choices, value.strip())


def _mark(content: _Element, value: str) -> str | None:
    """The mark of a check box; None for the one that was saved, if the data are neither true nor false."""
    if value in ("true", "1"):
        return CHECKED
    is_marked = any(sign.tag == _SYMBOL or (sign.text or "").strip() for sign in content.iter(_TEXT, _SYMBOL))
    return None if is_marked and value not in ("false", "0") else UNCHECKED


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


def _replace(content: _Element, text: str, styles: HidingStyles) -> None:
    """Make ``text`` the text of a control: one run in the place of the first that is shown, in its format.

    The font is left out: one of symbols would turn the text into signs. A control whose text is hidden stays so.
    """
    runs = [run for run in content.iter(_RUN) if not is_left_out(run)]
    shown = next((run for run in runs if not is_hidden(run, styles)), None)
    if runs and shown is None:
        return
    new = Element(_RUN)
    SubElement(new, _TEXT).text = text
    if shown is None:
        _paragraph(content).append(new)
        return
    form = shown.find(_RUN_FORMAT)
    if form is not None:
        new.insert(0, deepcopy(form))
        for fonts in new.findall(f"{_RUN_FORMAT}/{_FONTS}"):
            fonts.getparent().remove(fonts)
    shown.addprevious(new)
    for run in runs:
        run.getparent().remove(run)


def _paragraph(content: _Element) -> _Element:
    """Where the run of a control without one belongs: a paragraph of the control, or around it, or a new one."""
    for tag in (_PARAGRAPH, _CELL, _ROW):
        place = next((element for element in content.iter(tag) if not is_left_out(element)), None)
        if place is not None:
            break
    else:
        place = content
    around = place if place is not content else next(content.iterancestors(*_BELOW), None)
    for missing in (_PARAGRAPH,) if around is None else _BELOW[around.tag]:
        place = SubElement(place, missing)
    return place
