"""Authorities, the printed forms mapped to them, and staff's own rules of treatment categories."""

from datetime import date

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from determinations.models import Authority, AuthorityAlias, Category, CategoryRule, ItemFact, PrintedCitation
from determinations.models.authorities import Family
from determinations.models.reparsing import Selection
from determinations.paging.keyset import Order, page_of
from determinations.parsing.citations import normalised_form
from determinations.reading import reparsing
from determinations.reference import aliases
from determinations.reference.aliases import Proposal
from determinations.views.corrections.permissions import StaffRequest, may_correct
from determinations.views.corrections.reparsing import preview_now


class AuthorityForm(forms.Form):
    """A guideline that the data do not hold. It shares a page with another form, hence no check in the browser."""

    use_required_attribute = False
    family = forms.ChoiceField(choices=Family.choices)
    title = forms.CharField(max_length=200)
    acoem_chapter = forms.CharField(max_length=20, required=False, label="ACOEM chapter")
    edition = forms.CharField(
        max_length=60,
        required=False,
        help_text="as citations print it, such as 2009; the dates are then this edition's",
    )
    valid_from = forms.DateField(required=False, widget=forms.DateInput(attrs={"type": "date"}))
    valid_to = forms.DateField(required=False, widget=forms.DateInput(attrs={"type": "date"}))

    def clean(self) -> dict[str, object]:
        """The dates stand in order."""
        values = super().clean() or {}
        first, last = values.get("valid_from"), values.get("valid_to")
        if isinstance(first, date) and isinstance(last, date) and last < first:
            self.add_error("valid_to", _("The last day is before the first."))
        return values


@may_correct
@require_GET
def unknown_citations(request: StaffRequest) -> HttpResponse:
    """Printed citations that no authority is known for, the most frequent first, and the aliases made so far."""
    words = request.GET.get("words", "")[:200]
    context = {
        "words": words,
        "forms": aliases.unknown_forms(words=words),
        "aliases": page_of(
            AuthorityAlias.objects.select_related("authority", "by", "ended_by"),
            Order("id", descending=True, nullable=False, key="id"),
            request.GET,
            size=30,
        ),
    }
    return render(request, "corrections/unknown_citations.html", context)


@may_correct
@require_http_methods(["GET", "POST"])
def map_citation(request: StaffRequest) -> HttpResponse:
    """Map one printed form to an authority, an old or a new one; leads to the preview."""
    printed = (request.POST.get("printed") or request.GET.get("printed", ""))[:500]
    form = AuthorityForm(request.POST if request.POST.get("new") else None)
    if request.method == "POST":
        authority: Authority | None = None
        if not normalised_form(printed):
            messages.error(request, _("Give the form as printed."))
        elif request.POST.get("new"):
            if form.is_valid():
                authority = aliases.add_authority(**form.cleaned_data, by=request.user, now=timezone.now())
        else:
            authority = Authority.objects.filter(key=request.POST.get("authority", "").split(" ")[0]).first()
            if authority is None:
                messages.error(request, _("Choose an authority from the list, or make a new one."))
        if authority:
            return _propose(request, Proposal("alias", printed, authority.pk))
    form_printed = normalised_form(printed)
    context = {
        "printed": printed,
        "form": form,
        "authorities": Authority.objects.all(),
        "examples": PrintedCitation.objects.filter(normalised=form_printed).order_by("-id")[:10],
        "versions": AuthorityAlias.objects.filter(normalised=form_printed)
        .select_related("authority", "by", "ended_by")
        .order_by("-pk")[:20],
    }
    return render(request, "corrections/map_citation.html", context)


@may_correct
@require_POST
def end_alias(request: StaffRequest, alias_id: int) -> HttpResponse:
    """Preview what letters say without an alias."""
    alias = get_object_or_404(AuthorityAlias, pk=alias_id, active=True)
    return _propose(request, Proposal("alias", alias.printed, None))


@may_correct
@require_http_methods(["GET", "POST"])
def category_rules(request: StaffRequest) -> HttpResponse:
    """Staff's rules, and a new one: a phrase and where items that say it belong."""
    if request.method == "POST":
        phrase = " ".join(request.POST.get("phrase", "").split())[:200]
        name, _slash, subcategory = request.POST.get("category", "").partition(" / ")
        category = Category.objects.filter(name=name, subcategory=subcategory).first()
        if len(phrase) < 3 or category is None:
            messages.error(request, _("Give a phrase of at least three letters, and a category from the list."))
        else:
            return _propose(request, Proposal("rule", phrase, category.pk))
    context = {
        "categories": Category.objects.all(),
        "rules": page_of(
            CategoryRule.objects.select_related("category", "by", "ended_by"),
            Order("id", descending=True, nullable=False, key="id"),
            request.GET,
            size=30,
        ),
        "unruled": ItemFact.objects.filter(item__category_rule="none").select_related("item").order_by("-item")[:20],
        "phrase": request.POST.get("phrase", request.GET.get("phrase", "")),
        "category": request.POST.get("category", ""),
    }
    return render(request, "corrections/category_rules.html", context)


@may_correct
@require_POST
def end_rule(request: StaffRequest, rule_id: int) -> HttpResponse:
    """Preview what items are without a rule."""
    rule = get_object_or_404(CategoryRule, pk=rule_id, active=True)
    return _propose(request, Proposal("rule", rule.phrase, None))


def _propose(request: StaffRequest, proposal: Proposal) -> HttpResponse:
    selection: Selection = {"what": "phrase", "phrase": proposal.words}
    if proposal.kind == "alias":
        selection = {"what": "form", "form": normalised_form(proposal.words)}
    run = reparsing.start(selection, by=request.user, now=timezone.now(), why=proposal.words, proposal=proposal)
    preview_now(run)
    return redirect("reparse_run", run.pk)
