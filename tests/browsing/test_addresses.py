"""Addresses with one change, statements assembled from Django's SQL, and the permissions of a request."""

from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.http import HttpRequest, HttpResponse, QueryDict
from django.test import RequestFactory
from django_htmx.middleware import HtmxMiddleware

from determinations.models import Case, ItemFact
from determinations.paging.addresses import CURSOR, changed, link_to, with_query
from determinations.paging.counts import whole_number
from determinations.paging.sql import UnexpectedSql, after_select, among
from determinations.views.requests import wants_part
from tests.fixtures.people import People


def test_a_change_leaves_the_rest_of_the_address_alone() -> None:
    query = QueryDict("sex=female&sex=male&sort=number&after=x")
    assert link_to(changed(query, {"sort": "-number"}, without=CURSOR)) == "?sex=female&sex=male&sort=-number"
    assert link_to(changed(query, {"sex": ["male"], "sort": ""})) == "?sex=male&after=x"
    assert query.urlencode() == "sex=female&sex=male&sort=number&after=x"


def test_a_path_has_a_question_mark_only_before_a_query() -> None:
    assert with_query("/cases/", QueryDict("")) == "/cases/"
    assert with_query("/cases/", QueryDict("sex=male"), by="age") == "/cases/?sex=male&by=age"


@pytest.mark.parametrize(
    ("text", "number"),
    [("0", 0), ("7", 7), (f"{2**63 - 1}", 2**63 - 1), (f"{2**63}", None), ("", None), ("-1", None), ("²", None)],
)
def test_only_whole_numbers_of_a_column_are_read(text: str, number: int | None) -> None:
    assert whole_number(text) == number


def test_a_statement_without_the_expected_table_is_an_error(db: None) -> None:
    facts = ItemFact.objects.order_by().values_list("pk")
    assert after_select(facts)[0] == 'FROM "determinations_itemfact"'
    assert among(facts.filter(sex="male"), facts)[0].count("determinations_itemfact") > 1
    combined = facts.filter(sex="male").union(facts.filter(sex="female"))
    combined.model = Case  # type: ignore[assignment] # the statement reads another table than the one expected
    for assemble in (lambda: after_select(combined), lambda: among(facts, combined)):
        with pytest.raises(UnexpectedSql, match="determinations_case"):
            assemble()


@pytest.mark.parametrize(
    ("headers", "part"),
    [
        ({}, False),
        ({"HX-Request": "true"}, True),
        ({"HX-Request": "true", "HX-History-Restore-Request": "true"}, False),
    ],
)
def test_htmx_gets_a_part_unless_it_restores_its_history(headers: dict[str, str], part: bool) -> None:
    request = RequestFactory().get("/cases/", headers=headers)
    answers: list[bool] = []

    def page(request: HttpRequest) -> HttpResponse:
        answers.append(wants_part(request))
        return HttpResponse()

    HtmxMiddleware(page)(request)
    assert answers == [part]


def test_permissions_of_a_user_and_of_groups_are_one_query(people: People, django_assert_num_queries: Any) -> None:
    own = Permission.objects.get(codename="view_quality")
    user = User.objects.get(pk=people.casemanager.pk)
    user.user_permissions.add(own)
    with django_assert_num_queries(1):
        assert user.has_perm("determinations.view_quality")
        assert user.has_perm("determinations.browse_cases")
        assert not user.has_perm("determinations.correct_cases")
    user.is_active = False
    assert not user.has_perm("determinations.browse_cases")


def test_a_group_taken_away_counts_from_the_next_request(people: People) -> None:
    assert people.casemanager.has_perm("determinations.browse_cases")
    people.casemanager.groups.remove(*Group.objects.all())
    assert not User.objects.get(pk=people.casemanager.pk).has_perm("determinations.browse_cases")
