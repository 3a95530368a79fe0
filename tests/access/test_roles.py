"""What a user may do is read in one statement of our own: all that Django reads in two, and the limit to offices."""

from typing import Any

import pytest
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import Group, Permission, User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from determinations.access.roles import RoleBackend, scope_of
from determinations.access.scope import Scope, within
from imrsite.local.people import make_people
from tests.access.offices import limit, two_offices
from tests.fixtures.people import People

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("name", ["casemanager", "supervisor", "admin", "outsider", "superuser", "someone"])
def test_permissions_are_those_that_django_reads(people: People, name: str) -> None:
    User.objects.create_superuser("superuser")
    someone = User.objects.create_user("someone")
    someone.user_permissions.add(*Permission.objects.filter(codename__in=("browse_cases", "view_user")))
    user = User.objects.get(username=name)
    with CaptureQueriesContext(connection) as queries:
        held = RoleBackend().get_all_permissions(user)
    assert len(queries) == 1
    assert held == ModelBackend().get_all_permissions(User.objects.get(username=name))
    assert ("determinations.browse_cases" in held) == (name != "outsider")


@pytest.mark.parametrize("name", ["casemanager", "superuser"])
def test_the_limit_to_offices_is_read_with_them(people: People, name: str) -> None:
    User.objects.create_superuser("superuser")
    offices = two_offices()

    def scope() -> Any:
        return scope_of(User.objects.get(username=name))

    assert scope() == Scope(None)
    user = limit(User.objects.get(username=name), offices.north, offices.south)
    both = Scope(tuple(sorted((offices.north.pk, offices.south.pk))))
    assert scope() == both
    with within(Scope((offices.north.pk,))):
        assert scope() == both, "whatever the request itself sees"
    limit(user)
    assert scope() == Scope(())
    user.is_active = False
    user.save()
    assert RoleBackend().get_all_permissions(User.objects.get(username=name)) == set()


def test_the_demos_accounts_get_their_role_and_password_again(db: None) -> None:
    """Whatever they were changed to since; the accounts stay the same."""
    first = make_people("first password")["admin"]
    first.groups.set([Group.objects.get(name="supervisor"), Group.objects.get(name="case manager")])
    User.objects.filter(pk=first.pk).update(is_staff=False, first_name="Synthetic")
    people = make_people("second password")
    assert {name: [group.name for group in person.groups.all()] for name, person in people.items()} == {
        "casemanager": ["case manager"], "supervisor": ["supervisor"], "admin": ["admin"],
    }  # fmt: skip
    admin = people["admin"]
    assert (admin.pk, admin.first_name, admin.is_staff) == (first.pk, "Synthetic", True)
    assert [person.check_password("second password") for person in people.values()] == [True] * 3
    assert not people["supervisor"].is_staff
