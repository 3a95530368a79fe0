"""Django's own pages of the administration: who opens them, that they search, and that none counts without bound."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.db import models
from django.test import Client
from django.urls import reverse

from determinations.admin.bounded import FoundByNumberAdmin, SingleRowAdmin
from determinations.corrections import actions
from determinations.models import AuditEvent, Correction, CorrectionReason
from determinations.wording.audit_actions import ACTIONS
from tests.corrections.letters import NOW, document, item, stored_letter
from tests.fixtures.people import People

pytestmark = [pytest.mark.usefixtures("broker"), pytest.mark.django_db]

ADMINS = {model: listed for model, listed in admin.site._registry.items() if not isinstance(listed, SingleRowAdmin)}
SINGLE_ROWS = [model for model in admin.site._registry if model not in ADMINS]
#: Tables of settings and reference data: their rows are written by hand.
FEW_ROWS = {"authority", "category", "correctionreason", "statewidefigure", "editionvalidity", "user", "group"}


def address_of(model: type[models.Model], page: str, *args: int) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


@pytest.mark.parametrize("model", ADMINS, ids=lambda model: model.__name__)
def test_every_list_opens_and_searches_for_administrators_alone(
    client: Client, people: People, model: type[models.Model], django_assert_max_num_queries: Any
) -> None:
    client.force_login(people.admin)
    client.get(reverse("admin:index"))  # what is asked once in a process is asked now
    with django_assert_max_num_queries(14) as asked:
        page = client.get(address_of(model, "changelist"), {"q": "synthetic"})
    assert page.status_code == 200
    assert b'id="searchbar"' in page.content
    assert all("LIMIT" in each["sql"] for each in asked.captured_queries if "COUNT(" in each["sql"])
    assert ADMINS[model].show_full_result_count is False
    client.force_login(people.supervisor)
    assert client.get(address_of(model, "changelist")).status_code == 302


@pytest.mark.parametrize("model", SINGLE_ROWS, ids=lambda model: model.__name__)
def test_settings_in_one_row_open_at_once(client: Client, people: People, model: type[models.Model]) -> None:
    client.force_login(people.admin)
    row = model._default_manager.get()
    page = client.get(address_of(model, "changelist"), follow=True)
    assert page.redirect_chain == [(address_of(model, "change", row.pk), 302)]
    assert page.status_code == 200
    client.force_login(people.supervisor)
    assert client.get(address_of(model, "changelist")).headers["Location"].startswith(reverse("admin:login"))


def test_the_administration_wears_the_frame_of_the_product(client: Client, people: People) -> None:
    client.force_login(people.admin)
    page = client.get(reverse("admin:index")).content.decode()
    assert 'rel="icon"' in page
    for name in (
        "home",
        "review",
        "unknown_citations",
        "reparse_runs",
        "letter_pairs",
        "lessons",
        "correction_history",
    ):
        assert f'href="{reverse(name)}"' in page


@pytest.mark.parametrize("model", ADMINS, ids=lambda model: model.__name__)
def test_no_list_is_filtered_by_what_has_no_index(model: type[models.Model]) -> None:
    fields: Any = model._meta.fields
    indexed = {field.name for field in fields if field.db_index or field.unique or field.is_relation}
    indexed |= {index.fields[0].lstrip("-") for index in model._meta.indexes if index.fields}
    listed = ADMINS[model]
    columns = {str(entry) for entry in listed.list_filter}
    columns |= set(listed.search_fields) if isinstance(listed, FoundByNumberAdmin) else set()
    assert model._meta.model_name in FEW_ROWS or columns <= indexed


def test_records_show_labels_instead_of_keys(as_admin: Client, people: People) -> None:
    letter = stored_letter(document(item("Brace")))
    actions.correct_field(letter.pk, "date_of_injury", "2015-01-02", by=people.admin, now=NOW, reason="wrong_place")
    actions.correct_field(letter.pk, "items/1/decision", "overturned", by=people.admin, now=NOW, reason="misread")
    shown = as_admin.get(address_of(Correction, "changelist")).content.decode()
    label = CorrectionReason.objects.get(code="wrong_place").label
    assert all(words in shown for words in ("Date of injury", "Item 1, decision", label))
    assert not any(key in shown for key in ("date_of_injury", "wrong_place", "items/1"))
    assert "corrected a letter" in as_admin.get(address_of(AuditEvent, "changelist")).content.decode()


def test_every_action_of_the_audit_trail_has_words() -> None:
    code = "".join(path.read_text() for path in Path(apps.get_app_config("determinations").path).rglob("*.py"))
    recorded = set(re.findall(r"\b(?:record|note|note_once)\(\s*(?:request,\s*)?\"([a-z_]+\.[a-z_]+)\"", code))
    assert len(recorded) > 50
    assert recorded <= ACTIONS.keys()


@pytest.mark.parametrize("words", ["{letter}", "{letter} 999999999", "nobody", "9" * 30])
def test_a_record_without_end_is_found_by_number_through_an_index(
    as_admin: Client, people: People, words: str, django_assert_max_num_queries: Any
) -> None:
    letters = [stored_letter(document(item("Brace"))) for _ in range(2)]
    for letter in letters:
        actions.correct_field(letter.pk, "age", 50, by=people.admin, now=NOW, reason="misread")
    address = address_of(Correction, "changelist")
    with django_assert_max_num_queries(14) as asked:
        page = as_admin.get(address, {"q": words.format(letter=letters[0].pk)})
    assert page.context["cl"].result_count == ("{letter}" in words)
    assert not [each for each in asked.captured_queries if "::text" in each["sql"] and "correction" in each["sql"]]
