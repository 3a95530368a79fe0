"""The demo's three accounts, one per role."""

from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group, User
from django.db import transaction

ROLES = {"casemanager": "case manager", "supervisor": "supervisor", "admin": "admin"}


@transaction.atomic
def make_people(password: str) -> dict[str, User]:
    """Create the three accounts where missing, with their roles and this password; returns them by name."""
    hashed = make_password(password)  # once: hashing is slow on purpose
    User.objects.bulk_create(
        # The admin may open the administration, where the role decides what is shown.
        [User(username=name, password=hashed, is_staff=role == "admin") for name, role in ROLES.items()],
        update_conflicts=True,
        unique_fields=["username"],
        update_fields=["password", "is_staff"],
    )
    people = User.objects.in_bulk(list(ROLES), field_name="username")
    groups = dict(Group.objects.filter(name__in=ROLES.values()).values_list("name", "pk"))
    memberships = User.groups.through.objects
    memberships.filter(user__in=people.values()).delete()
    memberships.bulk_create(
        memberships.model(user=person, group_id=groups[ROLES[name]]) for name, person in people.items()
    )
    return people
