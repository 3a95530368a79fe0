"""Authorities, aliases that map printed citations to them, and staff's rules for treatment categories."""

from datetime import date

from django import forms
from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from determinations.models import Authority, AuthorityAlias, Category, CategoryRule, ItemFact, PrintedCitation
from determinations.models.authorities import Family
from determinations.models.reparsing import Selection
from determinations.paging.keyset import Order, page_of
from determinations.parsing.citations import normalized_form
from determinations.reading import reparsing
from determinations.reference import aliases
from determinations.reference.aliases import Proposal
from determinations.tasks import send_preview
from determinations.views.corrections.permissions import StaffRequest, may_correct
from determinations.views.typed_forms import restored
from determinations.wording.labels import read_labels


class AuthorityForm(forms.Form):
    """A guideline that is not in the data. It shares a page with another form, so the browser must not check it."""

    use_required_attribute = False
    family = forms.ChoiceField(choices=Family.choices)
    title = forms.CharField(max_length=200)
    acoem_chapter = forms.CharField(max_length=20, required=False, label="ACOEM chapter")
    edition = forms.CharField(
        max_length=60,
        required=False,
        help_text="As printed, for example 2009. The dates below then apply to this edition.",
    )
    valid_from = forms.DateField(required=False, widget=forms.DateInput(attrs={"type": "date"}))
    valid_to = forms.DateField(required=False, widget=forms.DateInput(attrs={"type": "date"}))

    def clean(self) -> dict[str, object]:
        """Check that the dates are in order."""
        values = super().clean() or {}
        first, last = values.get("valid_from"), values.get("valid_to")
        if isinstance(first, date) and isinstance(last, date) and last < first:
            self.add_error("valid_to", _("This date is before the first date."))
        return values


@may_correct
@require_GET
def unknown_citations(request: StaffRequest) -> HttpResponse:
    """Printed citations without a known authority, most frequent first, and the aliases so far."""
    words = request.GET.get("words", "")[:200]
    labels = read_labels()
    context = {
        "words": words,
        "forms": [(form, labels.of("authority", form.authority_key)) for form in aliases.unknown_forms(words=words)],
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
    """Map a printed citation to an existing or a new authority; leads to the preview."""
    printed = (request.POST.get("printed") or request.GET.get("printed", ""))[:500]
    labels = read_labels()
    typed = request.POST or restored(request) or QueryDict()
    printed = printed or typed.get("printed", "")[:500]
    form = AuthorityForm(typed if typed.get("new") else None)
    if request.method == "POST":
        authority: Authority | None = None
        if not normalized_form(printed):
            messages.error(request, _("Enter the citation as printed."))
        elif request.POST.get("new"):
            if form.is_valid():
                authority = aliases.add_authority(**form.cleaned_data, by=request.user, now=timezone.now())
        else:
            authority = Authority.objects.filter(key=labels.authority_key(request.POST.get("authority", ""))).first()
            if authority is None:
                messages.error(request, _("Choose an authority from the list, or add a new one."))
        if authority:
            return _propose(request, Proposal("alias", printed, authority.pk))
    form_printed = normalized_form(printed)
    context = {
        "printed": printed,
        "form": form,
        "authorities": labels.authorities,
        "examples": PrintedCitation.objects.filter(normalised=form_printed).order_by("-id")[:10],
        "versions": AuthorityAlias.objects.filter(normalised=form_printed)
        .select_related("authority", "by", "ended_by")
        .order_by("-pk")[:20],
    }
    return render(request, "corrections/map_citation.html", context)


@may_correct
@require_POST
def end_alias(request: StaffRequest, alias_id: int) -> HttpResponse:
    """Preview the letters without an alias."""
    alias = get_object_or_404(AuthorityAlias, pk=alias_id, active=True)
    return _propose(request, Proposal("alias", alias.printed, None))


@may_correct
@require_http_methods(["GET", "POST"])
def category_rules(request: StaffRequest) -> HttpResponse:
    """Staff's category rules, and a form for a new one: a phrase and its category."""
    if request.method == "POST":
        phrase = " ".join(request.POST.get("phrase", "").split())[:200]
        name, _slash, subcategory = request.POST.get("category", "").partition(" / ")
        category = Category.objects.filter(name=name, subcategory=subcategory).first()
        if len(phrase) < 3 or category is None:
            messages.error(request, _("Enter a phrase of at least three letters and choose a category from the list."))
        else:
            return _propose(request, Proposal("rule", phrase, category.pk))
    typed = request.POST or restored(request) or QueryDict()
    context = {
        "categories": Category.objects.all(),
        "rules": page_of(
            CategoryRule.objects.select_related("category", "by", "ended_by"),
            Order("id", descending=True, nullable=False, key="id"),
            request.GET,
            size=30,
        ),
        "unruled": ItemFact.objects.filter(item__category_rule="none").select_related("item").order_by("-item")[:20],
        "phrase": typed.get("phrase", request.GET.get("phrase", "")),
        "category": typed.get("category", ""),
    }
    return render(request, "corrections/category_rules.html", context)


@may_correct
@require_POST
def end_rule(request: StaffRequest, rule_id: int) -> HttpResponse:
    """Preview the items without a rule."""
    rule = get_object_or_404(CategoryRule, pk=rule_id, active=True)
    return _propose(request, Proposal("rule", rule.phrase, None))


def _propose(request: StaffRequest, proposal: Proposal) -> HttpResponse:
    selection: Selection = {"what": "phrase", "phrase": proposal.words}
    if proposal.kind == "alias":
        selection = {"what": "form", "form": normalized_form(proposal.words)}
    run = reparsing.start(selection, by=request.user, now=timezone.now(), why=proposal.words, proposal=proposal)
    send_preview(run.pk)
    return redirect("reparse_run", run.pk)
