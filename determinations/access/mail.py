"""Messages with a link that opens an account."""

from datetime import datetime

from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.auth.tokens import default_token_generator
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from determinations.access.audit import record


def send_link(user: User, site: str, *, at: datetime) -> None:
    """Send the user a link to choose a password. The first one is an invitation."""
    token = default_token_generator.make_token(user)
    path = reverse("choose_password", args=[urlsafe_base64_encode(force_bytes(user.pk)), token])
    invited = user.last_login is None
    context = {
        "user": user,
        "link": f"{site}{path}",
        "site": site,
        "hours": settings.PASSWORD_RESET_TIMEOUT // 3600,
        "invited": invited,
    }
    subject = "Your account for imrsite" if invited else "Choose a new password for imrsite"
    EmailMessage(subject, render_to_string("access/mail_link.txt", context), to=[user.email]).send()
    record("link.sent", by=None, at=at, person=user.get_username(), invited=invited)
