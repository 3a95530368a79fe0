"""The determinations app."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class DeterminationsConfig(AppConfig):
    """Letters, cases, disputed items, decisions, citations."""

    name = "determinations"
    verbose_name = "IMR determinations"

    def ready(self) -> None:
        """Tasks belong to our Celery application, whoever calls them; the parser's data have their rows."""
        import imrsite.celery  # noqa: F401
        from determinations.seeds import plant_rows

        post_migrate.connect(plant_rows, sender=self)
