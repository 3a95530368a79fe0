"""The three people of a demonstration, one for each role."""

from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group, User

ROLES = {"casemanager": "case manager", "supervisor": "supervisor", "admin": "admin"}


def make_people(password: str) -> dict[str, User]:
    """The three accounts by name, made where missing, in their roles, with this password."""
    hashed = make_password(password)  # once: it is slow on purpose
    people = {}
    for username, role in ROLES.items():
        person, _ = User.objects.get_or_create(username=username)
        person.is_staff = role == "admin"  # may open the administration; what it offers there the role decides
        person.password = hashed
        person.save()
        person.groups.set([Group.objects.get(name=role)])
        people[username] = person
    return people
