"""The correction screen as a browser sees it: the inputs of the page, to be changed and sent."""

from html.parser import HTMLParser
from typing import Any

from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from determinations.cases.open_letter import open_letter

#: The values of a page's inputs; a list where several inputs share a name.
Fields = dict[str, Any]


def fields_of(html: str) -> Fields:
    """What a browser would send of the correction form in this page."""
    reader = _FormReader()
    reader.feed(html)
    return {name: values if len(values) > 1 else values[0] for name, values in reader.fields.items()}


def opened(client: Client, letter_id: int) -> Fields:
    """The form of the letter's page, as opened."""
    return fields_of(client.get(reverse("review_letter", args=[letter_id])).content.decode())


def submitted(client: Client, letter_id: int, fields: Fields) -> HttpResponse:
    """The answer to the form."""
    response: Any = client.post(reverse("review_letter", args=[letter_id]), fields)
    return response


def path_of(letter_id: int, number: int, field: str) -> str:
    """The path by which the form names a value of an item."""
    record = open_letter(letter_id).merged.record
    return f"items/{record['items'][number - 1]['key']}/{field}"


class _FormReader(HTMLParser):
    """Collects the inputs inside ``<form id="fixes">``."""

    def __init__(self) -> None:
        super().__init__()
        self.fields: dict[str, list[str]] = {}
        self.inside = False
        self.text: tuple[str, list[str]] | None = None  # an open textarea
        self.select: tuple[str, list[str], list[str]] | None = None  # name, chosen options, all options

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "form":
            self.inside = given.get("id") == "fixes"
        if not self.inside:
            return
        name, value = given.get("name") or "", given.get("value") or ""
        if tag == "input" and name:
            is_box = given.get("type") == "checkbox"
            if not is_box or "checked" in given:
                self._add(name, value or "on" if is_box else value)
        elif tag == "textarea":
            self.text = (name, [])
        elif tag == "select":
            self.select = (name, [], [])
        elif tag == "option" and self.select:
            self.select[2].append(value)
            if "selected" in given:
                self.select[1].append(value)

    def handle_data(self, data: str) -> None:
        if self.text:
            self.text[1].append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea" and self.text:
            self._add(self.text[0], "".join(self.text[1]))
            self.text = None
        elif tag == "select" and self.select:
            name, chosen, offered = self.select
            self._add(name, (chosen or offered or [""])[0])
            self.select = None
        elif tag == "form":
            self.inside = False

    def _add(self, name: str, value: str) -> None:
        if name:
            self.fields.setdefault(name, []).append(value)
