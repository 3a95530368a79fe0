"""The forms of a page, as its user sees them."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

#: Kinds of fields into which users type; the others are chosen, sent along, or files.
_TYPED = frozenset({"text", "search", "textarea", "email", "date", "number", "url", "tel", "month", "time"})
_PRESSED = frozenset({"submit", "button", "image", "reset"})


@dataclass(slots=True)
class Field:
    """A named field of a form; ``value`` is what it holds, or would send if chosen."""

    name: str
    kind: str
    value: str = ""
    most: int | None = None

    @property
    def is_typed(self) -> bool:
        """Whether users type into it."""
        return self.kind in _TYPED

    @property
    def is_pressed(self) -> bool:
        """Whether it is a button, of which one is sent."""
        return self.kind in _PRESSED


@dataclass(slots=True)
class Form:
    """A form that is posted."""

    action: str
    fields: list[Field] = field(default_factory=list)

    @property
    def names(self) -> frozenset[str]:
        """The names of its fields, without numbers, which differ from row to row."""
        return frozenset("".join("0" if letter.isdigit() else letter for letter in each.name) for each in self.fields)


class _Reader(HTMLParser):
    def __init__(self, address: str) -> None:
        super().__init__()
        self.address = address
        self.forms: list[Form] = []
        self.by_id: dict[str, Form] = {}
        self.elsewhere: list[tuple[str, Field]] = []
        self._form: Form | None = None
        self._select: Field | None = None
        self._textarea: Field | None = None

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attributes}
        if tag == "form":
            posts = found.get("method", "").lower() == "post"
            self._form = Form(found.get("action") or self.address) if posts else None
            if self._form:
                self.forms.append(self._form)
                self.by_id[found.get("id", "")] = self._form
        elif tag == "option" and self._select:
            if "selected" in found or not self._select.value:
                self._select.value = found.get("value", "")
        elif tag in {"input", "select", "textarea", "button"} and found.get("name"):
            self._add(tag, found)

    def _add(self, tag: str, found: dict[str, str]) -> None:
        kinds = {"input": found.get("type", "text"), "button": found.get("type", "submit")}
        most = int(found["maxlength"]) if found.get("maxlength", "").isdigit() else None
        new = Field(found["name"], kinds.get(tag, tag), found.get("value", ""), most)
        self._select = new if tag == "select" else None
        self._textarea = new if tag == "textarea" else None
        if "form" in found:
            self.elsewhere.append((found["form"], new))
        elif self._form:
            self._form.fields.append(new)

    def handle_data(self, data: str) -> None:
        if self._textarea:
            self._textarea.value += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        elif tag == "textarea":
            self._textarea = None
        elif tag == "select":
            self._select = None


def forms_of(html: str, address: str) -> list[Form]:
    """The forms of the page at this address that are posted."""
    reader = _Reader(address)
    reader.feed(html)
    for form, found in reader.elsewhere:
        if form in reader.by_id:
            reader.by_id[form].fields.append(found)
    return reader.forms
