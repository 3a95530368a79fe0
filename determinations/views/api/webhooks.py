"""Pages about webhooks, for administrators: which there are, and the log of their deliveries."""

from urllib.parse import urlsplit

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods

from determinations.api.webhooks import DELAYS, WebhookRefused, make_webhook, secret_of, send_again, stop
from determinations.models import ChangeKind, Webhook, WebhookDelivery
from determinations.paging.counts import whole_number
from determinations.paging.keyset import Order, page_of
from determinations.tasks import send_due_webhooks
from determinations.views.access.confirmation import need_confirmation
from determinations.views.api.account_field import AccountField
from determinations.views.requests import person_of

_NEWEST = Order("id", descending=True, nullable=False)
may_manage = permission_required("determinations.manage_webhooks", raise_exception=True)


class WebhookForm(forms.Form):
    """A new webhook."""

    name = forms.CharField(label="What it is for", max_length=80)
    url = forms.CharField(label="Address", max_length=500)
    user = AccountField(label="User name of the account whose cases are told")
    kinds = forms.MultipleChoiceField(
        label="Tell when this changed", choices=ChangeKind.choices, initial=ChangeKind.values,
        widget=forms.CheckboxSelectMultiple,
    )  # fmt: skip
    query = forms.CharField(
        label="Only cases that match (optional)", max_length=4_000, required=False,
        help_text="Filter the list of cases, and paste its address here.",
    )  # fmt: skip

    def clean_query(self) -> str:
        """The filters in an address, or in the part of it after the question mark."""
        typed: str = self.cleaned_data["query"]
        return urlsplit(typed).query if "?" in typed else typed


@require_http_methods(["GET", "HEAD", "POST"])
@may_manage
@sensitive_variables("secret")
def webhook_list(request: HttpRequest) -> HttpResponse:
    """All webhooks. The secret of a new one is shown on this one page."""
    by, now, secret, form = person_of(request), timezone.now(), "", WebhookForm()
    if request.method == "POST" and request.POST.get("do") == "stop":
        webhook = get_object_or_404(Webhook, pk=whole_number(request.POST.get("webhook", "")))
        stop(webhook, by=by, now=now)
        messages.success(request, f"“{webhook.name}” is told nothing more.")
        return redirect("webhooks")
    if request.method == "POST":
        form = WebhookForm(request.POST)
        if form.is_valid():
            need_confirmation(request)
            typed = form.cleaned_data
            try:
                made = make_webhook(
                    typed["user"],
                    typed["name"],
                    typed["url"],
                    kinds=typed["kinds"],
                    query=typed["query"],
                    by=by,
                    now=now,
                )
                secret, form = secret_of(made), WebhookForm()
            except WebhookRefused as refusal:
                form.add_error(None, str(refusal))
    page = page_of(Webhook.objects.select_related("user"), _NEWEST, request.GET)
    context = {"form": form, "secret": secret, "page": page}
    return render(request, "api/webhooks.html", context, status=422 if form.errors else 201 if secret else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@may_manage
def webhook_deliveries(request: HttpRequest, pk: int) -> HttpResponse:
    """The deliveries of a webhook, newest first; POST sends one again."""
    webhook = get_object_or_404(Webhook.objects.select_related("user"), pk=pk)
    deliveries = WebhookDelivery.objects.filter(webhook=webhook)
    if request.method == "POST":
        delivery = get_object_or_404(deliveries, pk=whole_number(request.POST.get("delivery", "")))
        send_again(delivery, by=person_of(request), now=timezone.now())
        send_due_webhooks()
        messages.success(request, f"Delivery {delivery.pk} is sent again.")
        return redirect(request.get_full_path())
    page = page_of(deliveries, _NEWEST, request.GET)
    context = {"webhook": webhook, "page": page, "tries": len(DELAYS) + 1}
    return render(request, "api/webhook_deliveries.html", context)
