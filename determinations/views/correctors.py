"""What the pages of those who correct share."""

from django.contrib.auth.decorators import permission_required
from django.contrib.auth.models import User
from django.http import HttpRequest


class StaffRequest(HttpRequest):
    """A request of somebody who is signed in: ``may_correct`` sees to it."""

    user: User


may_correct = permission_required("determinations.correct_cases", raise_exception=True)
