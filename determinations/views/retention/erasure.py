"""Erasing a case: what would be erased, the confirmation, and the list of what was."""

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import permission_required
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from determinations.corrections import erasure
from determinations.corrections.erasure import ErasurePlan, ErasureRefused
from determinations.models import ErasedLetter, ErasureReason, LegalHold, Letter
from determinations.retention import holds
from determinations.statistics.answer_cache import forget_shared_answers
from determinations.views.access.confirmation import need_confirmation
from determinations.views.requests import person_of
from determinations.wording.figures import counted

_may_erase = permission_required("determinations.erase_letters", raise_exception=True)
#: What has to be typed in the second step.
WORD = "ERASE"
_PAGE = 100


class ErasureForm(forms.Form):
    """The first step: the reason, and that all of it was looked at."""

    reason = forms.ChoiceField(
        choices=ErasureReason.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "Choose the reason."},
    )
    sure = forms.BooleanField(error_messages={"required": "Confirm that this is the case to erase."})
    with_others = forms.BooleanField(required=False)

    def __init__(self, data: object, plan: ErasurePlan) -> None:
        super().__init__(data)  # type: ignore[arg-type] # request.POST or None
        self.plan = plan

    def clean_with_others(self) -> bool:
        """Letters of other cases in the same files have to be named."""
        agreed: bool = self.cleaned_data["with_others"]
        if self.plan.others and not agreed:
            raise forms.ValidationError("Confirm that the letters of other cases are erased too.")
        return agreed


class TypedForm(ErasureForm):
    """The second step: the word, and the number of the letter."""

    word = forms.CharField(max_length=20, error_messages={"required": f"Type {WORD}."})
    number = forms.IntegerField(error_messages={"required": "Type the number of the letter."})

    def clean_word(self) -> str:
        """In capital letters."""
        if (word := self.cleaned_data["word"].strip()) != WORD:
            raise forms.ValidationError(f"Type {WORD} in capital letters.")
        return word


@require_http_methods(["GET", "HEAD", "POST"])
@_may_erase
def erase_case(request: HttpRequest, letter_id: int) -> HttpResponse:
    """Ask for the reason; then for a typed confirmation and the user's identity; then erase."""
    get_object_or_404(Letter, pk=letter_id)
    plan = erasure.plan_erasure(letter_id)
    step = request.POST.get("step", "")
    form = (TypedForm if step == "erase" else ErasureForm)(request.POST or None, plan)
    if not plan.holds and step == "check" and form.is_valid():
        return render(request, "retention/erase.html", _context(letter_id, plan, TypedForm(None, plan), form))
    if not plan.holds and step == "erase" and _is_complete(form, letter_id):
        need_confirmation(request)
        return _erase(request, letter_id, form)
    earlier = form if step == "erase" else None
    status = 422 if request.method == "POST" else 200
    return render(request, "retention/erase.html", _context(letter_id, plan, form, earlier), status=status)


def _is_complete(form: ErasureForm, letter_id: int) -> bool:
    if form.is_valid() and form.cleaned_data.get("number") != letter_id:
        form.add_error("number", f"This is letter {letter_id}. Type its number.")
    return form.is_valid()


def _erase(request: HttpRequest, letter_id: int, form: ErasureForm) -> HttpResponse:
    data = form.cleaned_data
    try:
        plan = erasure.erase_case(
            letter_id,
            reason=data["reason"],
            with_others=data["with_others"],
            by=person_of(request),
            now=timezone.now(),
        )
    except ErasureRefused as refusal:
        messages.error(request, str(refusal))
        return redirect("erase_case", letter_id)
    forget_shared_answers()
    count = len(plan.ids)
    messages.success(request, f"{counted(count, 'letter')} erased for good.")
    return redirect("erased_letters")


def _context(letter_id: int, plan: ErasurePlan, form: ErasureForm, first: ErasureForm | None) -> dict[str, object]:
    return {"letter_id": letter_id, "plan": plan, "form": form, "first": first, "word": WORD}


@require_safe
@_may_erase
def erased_letters(request: HttpRequest) -> HttpResponse:
    """What was erased, newest first; found by letter or case number."""
    words = request.GET.get("q", "").strip().replace("\0", "")[:40]
    rows = ErasedLetter.objects.order_by("-pk")
    if words:
        number = Q(letter_id=int(words)) if words.isdecimal() and len(words) < 18 else Q(pk=None)
        rows = rows.filter(number | Q(case_digest=erasure.case_digest(words)) | Q(case_number=words))
    found = list(rows[: _PAGE + 1])
    context = {"rows": found[:_PAGE], "more": len(found) > _PAGE, "words": words}
    return render(request, "retention/erased.html", context)


@require_POST
@_may_erase
def allow_again(request: HttpRequest, pk: int) -> HttpResponse:
    """Allow the file of an erased letter to be uploaded again."""
    row = get_object_or_404(ErasedLetter, pk=pk)
    erasure.allow_again(row.pk, by=person_of(request), now=timezone.now())
    messages.success(request, f"The file of letter {row.letter_id} can be uploaded again.")
    return redirect("erased_letters")


@require_safe
@permission_required("determinations.hold_cases", raise_exception=True)
def legal_holds(request: HttpRequest) -> HttpResponse:
    """All holds in force; with ``?all=yes`` also those that were released."""
    everything = request.GET.get("all") == "yes"
    rows = (LegalHold.objects.all() if everything else holds.in_force()).order_by("-pk")
    found = list(rows[: _PAGE + 1])
    context = {"holds": found[:_PAGE], "more": len(found) > _PAGE, "everything": everything}
    return render(request, "retention/holds.html", context)
