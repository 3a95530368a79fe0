"""Pages of the office's fields, through their addresses."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from determinations.models import Case, CaseValues, ImportState, OfficeField, OfficeImport, OfficeValue
from determinations.office_fields import imports
from tests.browsing.conftest import NOW
from tests.fixtures.people import People
from tests.office_fields.conftest import Enter, applied, as_csv, field, number, stored, texts, uploaded

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("broker")]

TABLE = as_csv(("Case number", "Employer"), (number(1), "Globex"), (number(2), "Acme"), ("none", "Acme"))


def test_a_case_manager_enters_values_on_the_case(as_casemanager: Client) -> None:
    pk = stored(1)
    assert "Enter" in as_casemanager.get(f"/cases/{pk}/").content.decode()
    page = as_casemanager.get(f"/cases/{pk}/fields/")
    typed = {one.name: "" for one in page.context["inputs"]} | {
        f"seen_{one.field.slot}": str(one.seen) for one in page.context["inputs"]
    }
    saved = as_casemanager.post(f"/cases/{pk}/fields/", {**typed, field("employer").column: "Acme <b>"}, follow=True)
    assert "Acme &lt;b&gt;" in saved.content.decode()
    assert texts(1) == {"employer": "Acme <b>"}
    assert "Acme &lt;b&gt;" in as_casemanager.get(f"/cases/{pk}/fields/").content.decode()


def test_a_refused_form_keeps_everything_typed(as_casemanager: Client, enter: Enter) -> None:
    pk = stored(1)
    OfficeField.objects.filter(key="adjuster").update(kind="date")
    employer, adjuster = field("employer"), field("adjuster")
    enter(1, employer="Globex")
    typed = {employer.column: "Acme", adjuster.column: "tomorrow", f"seen_{employer.slot}": "0"}
    refused = as_casemanager.post(f"/cases/{pk}/fields/", typed)
    assert refused.status_code == 422
    assert [one.text for one in refused.context["inputs"] if one.text] == ["Acme", "tomorrow"]
    typed[adjuster.column] = ""
    meanwhile = as_casemanager.post(f"/cases/{pk}/fields/", typed)
    assert "It is now “Globex”" in meanwhile.content.decode()
    again = {one.name: one.text for one in meanwhile.context["inputs"]}
    again |= {f"seen_{one.field.slot}": str(one.seen) for one in meanwhile.context["inputs"]}
    assert as_casemanager.post(f"/cases/{pk}/fields/", again).status_code == 302
    assert texts(1) == {"employer": "Acme"}


def test_a_letter_without_a_number_says_what_is_missing(as_casemanager: Client) -> None:
    pk = stored(1)
    Case.objects.update(case_number=None)
    page = as_casemanager.get(f"/cases/{pk}/fields/").content.decode()
    assert "Values are kept by case number, and this letter has none." in page
    as_casemanager.post(f"/cases/{pk}/fields/", {"field_2": "Acme"})
    assert not CaseValues.objects.exists()


def test_fields_are_shown_and_edited_by_role(client: Client, people: People, enter: Enter) -> None:
    pk = stored(1)
    enter(1, employer="Acme", claim="WC-1")
    OfficeField.objects.filter(key="employer").update(seen_by=["admin"], edited_by=["admin"])
    OfficeField.objects.filter(key="claim").update(edited_by=["admin"])
    client.force_login(people.casemanager)
    pages = client.get(f"/cases/{pk}/").content.decode() + client.get(f"/cases/{pk}/fields/").content.decode()
    assert "WC-1" in pages
    assert "Acme" not in pages
    assert client.get("/fields/2/suggestions/", {"q": "ac"}).status_code == 404
    client.post(f"/cases/{pk}/fields/", {"field_1": "WC-2", "seen_1": "1", "field_2": "Globex", "seen_2": "1"})
    assert texts(1) == {"employer": "Acme", "claim": "WC-1"}
    client.force_login(people.admin)
    assert "Acme" in client.get(f"/cases/{pk}/").content.decode()
    assert client.get("/fields/2/suggestions/", {"q": "ac"}).json()["suggestions"][0]["value"] == "Acme"


ALLOWED = {
    "/cases/{pk}/fields/": {"casemanager", "supervisor", "admin"},
    "/fields/2/suggestions/": {"casemanager", "supervisor", "admin"},
    "/fields/imports/": {"supervisor", "admin"},
    "/fields/imports/{source}/": {"supervisor", "admin"},
    "/fields/imports/{source}/errors.csv": {"supervisor", "admin"},
    "/fields/2/values/": {"admin"},
}


def test_each_page_opens_for_its_roles_alone(client: Client, people: People) -> None:
    pk, source = stored(1), uploaded(TABLE, people).pk
    for name in ("casemanager", "supervisor", "admin", "outsider"):
        client.force_login(getattr(people, name))
        for address, allowed in ALLOWED.items():
            path = address.format(pk=pk, source=source)
            assert client.get(path).status_code == (200 if name in allowed else 403), (name, address)


def test_an_import_from_upload_to_undo(as_supervisor: Client, enter: Enter) -> None:
    stored(1)
    enter(1, employer="Acme")
    sent = as_supervisor.post("/fields/imports/", {"file": SimpleUploadedFile("claims.csv", TABLE)})
    source = OfficeImport.objects.get()
    assert sent["Location"] == f"/fields/imports/{source.pk}/"
    assert "being read" in as_supervisor.get(sent["Location"]).content.decode()
    imports.work_on(source.pk, now=NOW)
    page = as_supervisor.get(sent["Location"], {"rows": "changed"}).content.decode()
    assert "Apply 2 rows, without 1 with errors" in page
    assert "<del>Acme</del> <ins>Globex</ins>" in page
    errors = b"".join(as_supervisor.get(f"{sent['Location']}errors.csv")).decode()
    assert errors.splitlines()[1].startswith("4,“none” is not a case number")
    as_supervisor.post(sent["Location"], {"do": "apply"})
    imports.work_on(source.pk, now=NOW)
    assert "2 values of 2 case numbers written" in as_supervisor.get(sent["Location"]).content.decode()
    as_supervisor.post(sent["Location"], {"do": "undo"})
    imports.work_on(source.pk, now=NOW)
    assert "2 values are as they were before" in as_supervisor.get(sent["Location"]).content.decode()
    assert texts(1) == {"employer": "Acme"}


def test_what_an_import_cannot_do_now_is_refused_in_words(as_supervisor: Client, people: People) -> None:
    source = uploaded(TABLE, people)
    OfficeImport.objects.filter(pk=source.pk).update(state=ImportState.UNDONE)
    before = OfficeImport.objects.values().get(pk=source.pk)
    for do in ("apply", "undo", "discard", "columns", "dance"):
        refused = as_supervisor.post(f"/fields/imports/{source.pk}/", {"do": do})
        assert refused.status_code == 422, do
        page = refused.content.decode()
        assert "This import is undone" in page or "Choose what to do" in page, do
        assert OfficeImport.objects.values().get(pk=source.pk) == before, do


def test_a_discarded_import_keeps_no_rows(as_supervisor: Client, people: People) -> None:
    source = uploaded(TABLE, people)
    as_supervisor.post(f"/fields/imports/{source.pk}/", {"do": "discard"})
    source.refresh_from_db()
    assert (source.state, source.rows.count()) == (ImportState.DISCARDED, 0)
    assert "Discarded. Nothing was changed." in as_supervisor.get(f"/fields/imports/{source.pk}/").content.decode()


def test_an_administrator_merges_two_values(as_admin: Client, people: People) -> None:
    applied(
        uploaded(as_csv(("Case number", "Employer"), (number(1), "Acme"), (number(2), "Acme Corp")), people), people
    )
    corp = OfficeValue.objects.get(printed="Acme Corp")
    refused = as_admin.post("/fields/2/values/", {"do": "merge", "value": corp.pk, "into": "Initech"})
    assert refused.status_code == 422
    as_admin.post("/fields/2/values/", {"do": "merge", "value": corp.pk, "into": "ACME"})
    assert texts(2) == {"employer": "Acme"}
    as_admin.post("/fields/2/values/", {"do": "part", "value": corp.pk})
    assert texts(2) == {"employer": "Acme Corp"}


def test_an_administrator_sets_fields_up(as_admin: Client, as_casemanager: Client, people: People) -> None:
    as_casemanager.force_login(people.casemanager)
    assert as_casemanager.get("/admin/determinations/officefield/").status_code in (302, 403)
    as_admin.force_login(people.admin)
    typed = {
        "name": "Program", "key": "program", "kind": "choice", "choices": "Medical only\nLost time", "position": "7",
        "in_lists": "on", "seen_by": ["case manager", "admin"], "edited_by": ["admin"],
    }  # fmt: skip
    add = "/admin/determinations/officefield/add/"
    for wrong in ({"key": "request"}, {"key": "a b"}, {"choices": ""}, {"seen_by": ["case manager"]}):
        assert as_admin.post(add, {**typed, **wrong}).status_code == 200, wrong
    assert as_admin.post(add, typed).status_code == 302
    program = field("program")
    assert (program.slot, program.choices) == (7, ["Medical only", "Lost time"])
    change = f"/admin/determinations/officefield/{program.pk}/change/"
    assert as_admin.post(change, {**typed, "name": "Line", "retired": "on"}).status_code == 302
    program.refresh_from_db()
    assert (program.name, program.key, bool(program.retired_at)) == ("Line", "program", True)
