"""Help: what each user has seen of the news."""

from django.conf import settings
from django.db import models


class SeenNews(models.Model):
    """The newest release that a user was shown, or dismissed."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True, related_name="seen_news"
    )
    release = models.PositiveIntegerField()

    def __str__(self) -> str:
        return f"News seen by user {self.pk}"
