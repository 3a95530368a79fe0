"""Who is told of alarms by e-mail."""

from django.conf import settings

from determinations.access.roles import people_with

#: Messages have no more recipients than this.
_MOST = 20


def alarm_recipients() -> list[str]:
    """The addresses of ``ALARM_EMAIL``; without it, those of the users who may see the state of the installation."""
    if settings.ALARM_EMAIL:
        return list(settings.ALARM_EMAIL)
    people = people_with("see_operations").exclude(email="")
    return list(people.values_list("email", flat=True)[:_MOST])
