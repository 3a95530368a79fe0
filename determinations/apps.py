"""The determinations app."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate, pre_migrate


class DeterminationsConfig(AppConfig):
    """Letters, cases, disputed items, decisions, citations."""

    name = "determinations"
    verbose_name = "IMR determinations"

    def ready(self) -> None:
        """What must be known from the start: checks of the database, our Celery application, the parser's own rows."""
        import imrsite.backing
        import imrsite.celery  # noqa: F401 - registers the tasks
        from determinations.access.factors import record_factors
        from determinations.access.visible_rows import lock_views, make_views
        from determinations.duties.rules import seed_duty_rules
        from determinations.reference.seed import seed_reference_tables

        record_factors()
        pre_migrate.connect(lock_views, sender=self)
        post_migrate.connect(make_views, sender=self)
        post_migrate.connect(seed_reference_tables, sender=self)
        post_migrate.connect(seed_duty_rules, sender=self)
