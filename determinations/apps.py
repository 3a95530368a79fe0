"""The determinations app."""

from django.apps import AppConfig


class DeterminationsConfig(AppConfig):
    """Letters, cases, disputed items, decisions, citations."""

    name = "determinations"
    verbose_name = "IMR determinations"
