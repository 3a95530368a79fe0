"""Response headers on caching and framing; exports are safe to open in a spreadsheet."""

import re

import pytest
from django.http import QueryDict
from django.test import Client
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import mark_safe
from django.utils.translation import gettext_lazy

from determinations.browsing.facets import FacetCounts
from determinations.browsing.rail import rail
from determinations.filters.options import Option
from determinations.models import Letter
from determinations.statistics.export_tables import ExportTable
from determinations.synthetic import letter_pdf, write_letter
from determinations.templatetags.rail import facet_block, facet_option
from determinations.views.statistics.export_files import csv_text
from determinations.wording.labels import CategoryName, Labels
from determinations.wording.markup import escaped, markup
from tests.cases.drawn import draw_all, drawn
from tests.cases.test_letter_pages import store_pdf

pytestmark = pytest.mark.django_db


@pytest.fixture
def letter(db: None) -> Letter:
    return store_pdf(letter_pdf(write_letter(40, 5)))


@pytest.mark.usefixtures("broker")
def test_pages_of_signed_in_users_are_not_cached(as_admin: Client, letter: Letter) -> None:
    draw_all(letter)
    for name, arguments in (
        ("home", []), ("case_list", []), ("case_detail", [letter.pk]), ("letter_boxes", [letter.pk]),
        ("review_letter", [letter.pk]), ("statistics", []),
    ):  # fmt: skip
        answer = as_admin.get(reverse(name, args=arguments))
        assert answer.status_code == 200, name
        assert answer.headers["Cache-Control"] == "private, no-store", name


def test_a_page_picture_is_revalidated_every_time(client: Client, as_casemanager: Client, letter: Letter) -> None:
    address = reverse("letter_page", args=[letter.pk, 1])
    first = drawn(as_casemanager, address)
    assert set(first.headers["Cache-Control"].split(", ")) == {"private", "no-cache"}
    again = as_casemanager.get(address, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    as_casemanager.logout()
    after = client.get(address, headers={"If-None-Match": first.headers["ETag"]})
    assert after.status_code == 302, "who signed out sees it no more"


def test_no_page_can_be_framed(client: Client) -> None:
    headers = client.get("/accounts/login/").headers
    assert headers["X-Frame-Options"] == "DENY"
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert "frame-src 'none'" in headers["Content-Security-Policy"]


def test_no_cell_of_an_exported_statistic_is_a_formula() -> None:
    sheet = ExportTable("name", "Title", ("A", "B", "C"), (("  =1+1", 0.5, None),), ())
    assert csv_text(sheet).splitlines()[1] == "'  =1+1,0.5,"


def test_all_values_of_a_filter_have_distinct_ids() -> None:
    values = ("upheld", "Upheld", "Opioids: short", "Opioids, short", "opioids-short", "<b>", "&")
    ids = [re.search(r' id="([^"]*)"', facet_option("outcome", Option(value, value, None, False))) for value in values]
    assert len({match[1] for match in ids if match}) == len(values)
    assert ids[0]
    assert ids[0][1] == "f-outcome-upheld"


def test_cells_are_escaped_as_everything_else() -> None:
    values = ('<a href="x">', "O'Brien & Co.", mark_safe("<b>bold</b>"), 12, None, True, gettext_lazy("<i>"), b"<")
    for value in values:
        assert escaped(value) == format_html("{}", value)
        assert markup("<p>{}{}</p>", value, value) == format_html("<p>{}{}</p>", value, value)
    assert escaped(markup("{}", "<")) == "&lt;", "once"


def test_what_a_user_typed_or_chose_is_in_no_filter_of_another() -> None:
    labels = Labels((CategoryName(1, "Surgery", "Knee", "Surgery/Knee"),), ())

    def shown(address: str = "", **counts: dict[str, int]) -> str:
        return "".join(facet_block(facet) for facet in rail(QueryDict(address), labels, FacetCounts(counts)))

    plain = shown()
    assert "checked" not in plain
    for box in ("reviewer_section", "added_from", "injured_from", "due_to"):
        assert shown(f"{box}=%22<typed>").replace(" open", "").count('value="&quot;&lt;typed&gt;"') == 1, box
    for chosen in (
        "sex=female", "category=Surgery", "subcategory=Surgery/Knee", "owner=nobody", "undated=injured", "tag=x",
    ):  # fmt: skip
        name, _, value = chosen.partition("=")
        assert re.search(f'name="{name}" value="{value}" id="[^"]*" checked', shown(chosen)), chosen
    assert ">7<" in shown(sex={"female": 7})
    assert shown() == plain
