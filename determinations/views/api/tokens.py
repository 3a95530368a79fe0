"""Pages about access tokens: one's own, and for administrators those of everyone."""

from datetime import timedelta

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods

from determinations.access.roles import people_with
from determinations.api.tokens import LIFETIMES, TokenRefused, make_token, revoke
from determinations.models import ApiToken, TokenScope
from determinations.paging.counts import whole_number
from determinations.paging.keyset import Order, page_of
from determinations.views.access.confirmation import need_confirmation
from determinations.views.api.account_field import AccountField
from determinations.views.requests import person_of

_NEWEST = Order("id", descending=True, nullable=False)
#: Revoked and expired tokens are listed for this long.
_SHOWN = timedelta(days=400)


class TokenForm(forms.Form):
    """A new token."""

    name = forms.CharField(label="What it is for", max_length=80)
    scopes = forms.MultipleChoiceField(
        label="It may", choices=TokenScope.choices, widget=forms.CheckboxSelectMultiple, initial=[TokenScope.READ]
    )
    days = forms.TypedChoiceField(
        label="Valid for",
        choices=[(days, f"{days} days") for days in LIFETIMES],
        coerce=int,
        widget=forms.RadioSelect,
        initial=LIFETIMES[1],
    )


class TokenForAnyoneForm(TokenForm):
    """A new token for an account, such as that of a service."""

    user = AccountField(label="User name of the account that it acts as")
    field_order = ("user", "name", "scopes", "days")


@require_http_methods(["GET", "HEAD", "POST"])
@permission_required("determinations.use_api", raise_exception=True)
def own_tokens(request: HttpRequest) -> HttpResponse:
    """The user's own tokens."""
    return _page(request, ApiToken.objects.filter(user=person_of(request)), TokenForm)


@require_http_methods(["GET", "HEAD", "POST"])
@permission_required("determinations.manage_tokens", raise_exception=True)
def all_tokens(request: HttpRequest) -> HttpResponse:
    """The tokens of all accounts."""
    return _page(request, ApiToken.objects.all(), TokenForAnyoneForm)


@sensitive_variables("text")
def _page(request: HttpRequest, tokens: QuerySet[ApiToken], form_class: type[TokenForm]) -> HttpResponse:
    """The list and the form; a new token is shown on this one page, and never again."""
    by, now, text, form = person_of(request), timezone.now(), "", form_class()
    if request.method == "POST" and request.POST.get("do") == "revoke":
        token = get_object_or_404(tokens, pk=whole_number(request.POST.get("token", "")))
        revoke(token, by=by, now=now)
        messages.success(request, f"The token “{token.name}” was revoked. Programs that use it are refused now.")
        return redirect(request.path)
    if request.method == "POST":
        form = form_class(request.POST)
        if form.is_valid():
            need_confirmation(request)
            typed = form.cleaned_data
            user = typed.get("user", by)
            try:
                _token, text = make_token(user, typed["name"], typed["scopes"], days=typed["days"], by=by, now=now)
                form = form_class()
            except TokenRefused as refusal:
                form.add_error(None, str(refusal))
    page = page_of(tokens.filter(expires_at__gt=now - _SHOWN).select_related("user"), _NEWEST, request.GET)
    is_everyone = form_class is TokenForAnyoneForm
    context = {
        "form": form,
        "text": text,
        "page": page,
        "is_everyone": is_everyone,
        "accounts": [user.get_username() for user in people_with("use_api")[:100]] if is_everyone else [],
        "scope_labels": dict(TokenScope.choices),
        "now": now,
    }
    status = 422 if form.errors else 201 if text else 200
    return render(request, "api/tokens.html", context, status=status)
