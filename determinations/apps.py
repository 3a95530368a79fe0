"""The determinations app."""

from django.apps import AppConfig


class DeterminationsConfig(AppConfig):
    """Letters, cases, disputed items, decisions, citations."""

    name = "determinations"
    verbose_name = "IMR determinations"

    def ready(self) -> None:
        """Tasks belong to our Celery application, whoever calls them."""
        import imrsite.celery  # noqa: F401
