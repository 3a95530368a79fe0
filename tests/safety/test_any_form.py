"""Every form, found on the pages that have one, answers odd values with words that help, and loses nothing typed."""

import re
from collections.abc import Mapping, Sequence
from html import unescape
from itertools import cycle
from typing import Any
from urllib.parse import urljoin

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client

from determinations.models import SavedReport
from determinations.reports.definition import Definition
from tests.access.offices import two_offices
from tests.access.test_offices_apart import NUMBER, WORD, OtherOffice, other_office
from tests.corrections.letters import NOW
from tests.fixtures import ROOT
from tests.fixtures.people import People
from tests.safety.forms import Form, forms_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("broker")]

#: Pages that together have every form, as an administrator sees them.
PAGES = (
    "/cases/", "/cases/{letter}/", "/cases/{letter}/receipt/", "/cases/{letter}/fields/", "/cases/{letter}/report/",
    "/cases/{letter}/retention/", "/cases/{letter}/disclosures/", "/letters/{letter}/file/", "/notes/{case_note}/",
    "/fields/1/values/", "/fields/imports/", "/fields/imports/{import}/", "/notifications/", "/views/", "/exports/",
    "/worklist/", "/worklist/{duty}/", "/worklist/calendar/", "/uploads/", "/uploads/letters/", "/uploads/{upload}/",
    "/uploads/{upload}/receipt/", "/statistics/treatments/Surgery/Other/?whole=1", "/offices/", "/offices/{office}/",
    "/offices/move/?upload={upload}", "/people/", "/people/{person}/", "/people/add/", "/people/tokens/", "/profile/",
    "/profile/tokens/", "/webhooks/", "/audit/", "/audit/alerts/", "/admin/erase/{letter}/", "/admin/holds/",
    "/admin/review/", "/admin/review/{letter}/", "/admin/review/{letter}/remove/", "/admin/encryption/",
    "/admin/citations/", "/admin/citations/map/?form={word}cited", "/admin/categories/", "/admin/reparse/",
    "/admin/reparse/{run}/", "/admin/versions/{pair}/", "/admin/lessons/", "/admin/history/",
    "/sources/", "/sources/add/folder/", "/statistics/reports/", "/statistics/reports/{own_report}/",
    "/statistics/reports/{own_report}/filters/", "/statistics/reports/{own_report}/schedules/",
)  # fmt: skip
#: Folders of templates whose forms must all be on these pages. Those of sign-in are tried in tests/access.
_FOLDERS = {
    "_components", "api", "arrivals", "audit", "browsing", "cases", "casework", "corrections", "duties", "intake",
    "office_fields", "offices", "operations", "reports", "retention", "statistics", "storage",
}  # fmt: skip
#: What users might type, and could: nothing here is longer than a field allows.
TYPED = ("שלום “no” <b>", "31/02/2020", "2099-12-31", "999999999999", "²", "-1", "no such choice")
#: What only programs send.
ODD = ("", "a\x00b", "x" * 5_000, "\u202eabc", "9" * 40, "1e400", "[]", "no such choice", "\U0001f600", "0000-00-00")


@pytest.fixture
def stock(people: People) -> OtherOffice:
    """One of everything that has a page, and that an administrator without a limit sees."""
    found = other_office(two_offices(), people)
    report = SavedReport.objects.create(
        by=people.admin, name="Monthly", definition=Definition(title="Monthly").as_json(), saved_at=NOW
    )
    own = {"own_report": str(report.pk)}
    return OtherOffice({**found.values, **own, "word": WORD, "start": WORD[:4], "number": NUMBER})


def as_typed(form: Form, words: str, pressed: int) -> dict[str, list[str]]:
    """The form as a user sends it who typed these words into every field, as far as they fit."""
    sent: dict[str, list[str]] = {}
    buttons = [each for each in form.fields if each.is_pressed]
    for each in form.fields:
        if not each.is_pressed and each.kind != "file":
            value = words[: each.most] if each.is_typed else each.value
            sent.setdefault(each.name, []).append(value)
    if buttons:
        button = buttons[pressed % len(buttons)]
        sent[button.name] = [button.value]
    return sent


def as_program(form: Form, odd: str) -> dict[str, list[object]]:
    """Every field twice with something that it does not offer, buttons, hidden fields and files included."""
    return {each.name: [_odd_file(odd) if each.kind == "file" else odd] * 2 for each in form.fields}


def _odd_file(odd: str) -> SimpleUploadedFile:
    return SimpleUploadedFile("odd\u202e.txt", odd.encode())


class _Undo(Exception):
    """Takes back what a form did."""


def posted(client: Client, form: Form, page: str, sent: Mapping[str, Sequence[object]]) -> tuple[int, str]:
    """The status of the answer to a form, and the page that its user sees afterwards; what it did is undone."""
    try:
        with transaction.atomic():
            answer = client.post(urljoin(page, form.action), sent)
            status, shown = answer.status_code, text_of(answer)
            if answer.headers.get("Location", "").startswith("/"):
                shown = text_of(client.get(answer.headers["Location"]))
            raise _Undo
    except _Undo:
        return status, shown


def text_of(answer: Any) -> str:
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return str(content.decode(errors="replace"))


def lost(form: Form, sent: Mapping[str, Sequence[str]], status: int, shown: str) -> list[str]:
    """The fields whose words the user sees nowhere after a refusal."""
    typed = {each.name for each in form.fields if each.is_typed and "".join(sent[each.name]).strip()}
    if status in (302, 303):
        refused = 'class="toast is-error"' in shown
        return sorted(name for name in typed if refused and not any(words in unescape(shown) for words in sent[name]))
    again = [found for found in forms_of(shown, form.action) if found.names == form.names]
    values = {each.name: each.value for found in again for each in found.fields}
    return sorted(name for name in typed if again and values.get(name) not in sent[name])


def helps(status: int, shown: str) -> bool:
    """Whether a user can go on: a page with its heading, a redirect, or an error in words for scripts."""
    return status < 400 or (status < 500 and ("<h1" in shown or '"error"' in shown))


def forms_on(pages: Sequence[str], client: Client) -> tuple[list[tuple[str, Form]], set[str]]:
    """The different forms on these pages, each with its page; and the templates that were rendered."""
    forms: dict[object, tuple[str, Form]] = {}
    rendered: set[str] = set()
    for page in pages:
        answer = client.get(page)
        assert answer.status_code == 200, page
        rendered |= {str(template.name) for template in answer.templates}
        for form in forms_of(answer.content.decode(), page):
            forms.setdefault((re.sub(r"\d+|\?.*", "", urljoin(page, form.action)), form.names), (page, form))
    return list(forms.values()), rendered


def templates_with_forms() -> set[str]:
    """Templates of these folders with a form that is posted, but for forms of one button."""
    root = ROOT / "templates"
    found = {path.relative_to(root): path.read_text() for path in root.rglob("*.html")}
    return {
        str(path)
        for path, text in found.items()
        if path.parts[0] in _FOLDERS
        for form in re.findall(r'<form[^>]*method="post".*?</form>', text, re.DOTALL)
        if re.search(r"<(?:select|textarea)\b|<input(?![^>]*hidden)|{% include", form)
    }


@pytest.mark.slow
def test_every_form_answers_anything_and_loses_nothing_typed(
    client: Client, people: People, stock: OtherOffice
) -> None:
    client.force_login(people.admin)
    others = [Client() for _ in range(3)]
    for other, user in zip(others, (people.supervisor, people.casemanager, people.outsider), strict=True):
        other.force_login(user)
    forms, rendered = forms_on([stock.filled(page) for page in PAGES], client)
    assert templates_with_forms() - rendered == set(), "add a page with this form to PAGES"
    for number, ((page, form), other) in enumerate(zip(forms, cycle(others), strict=False)):
        for pressed in range(max(1, sum(each.is_pressed for each in form.fields))):
            sent = as_typed(form, TYPED[(number + pressed) % len(TYPED)], pressed)
            status, shown = posted(client, form, page, sent)
            assert helps(status, shown), (page, form.action, sent, status)
            assert lost(form, sent, status, shown) == [], (page, form.action, sent, status)
        odd = ODD[number % len(ODD)]
        for user in (client, other):
            status, shown = posted(user, form, page, as_program(form, odd))
            assert helps(status, shown), (page, form.action, odd, status)


def test_a_refusal_that_is_told_on_another_page_repeats_what_was_typed(
    as_admin: Client, stock: OtherOffice, people: People
) -> None:
    row = {"row": stock.values["letter"], "query": ""}
    for address, sent, words in (
        ("/cases/views/save/", {"name": "A name that goes on and on " * 4}, "A name that goes on and on A name"),
        ("/selection/cases/", {**row, "do": "tag", "tag": "a tag " * 50}, "a tag a tag a tag"),
        ("/selection/cases/", {**row, "do": "assign", "to": "nobody of this name"}, "nobody of this name"),
        (f"/cases/{row['row']}/work/", {"do": "tag", "tag": "a tag " * 50}, "a tag a tag a tag"),
    ):
        page = as_admin.post(address, sent, follow=True).content.decode()
        toast = page.partition('class="toast is-error"')[2].partition("</div>")[0]
        assert words in toast, address
