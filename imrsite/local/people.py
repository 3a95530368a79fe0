"""The demo's three accounts, one per role."""

from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group, User

ROLES = {"casemanager": "case manager", "supervisor": "supervisor", "admin": "admin"}


def make_people(password: str) -> dict[str, User]:
    """Create the three accounts where missing, with their roles and this password; returns them by name."""
    hashed = make_password(password)  # once: hashing is slow on purpose
    people = {}
    for username, role in ROLES.items():
        person, _ = User.objects.get_or_create(username=username)
        person.is_staff = role == "admin"  # may open the administration, where the role decides what is shown
        person.password = hashed
        person.save()
        person.groups.set([Group.objects.get(name=role)])
        people[username] = person
    return people
