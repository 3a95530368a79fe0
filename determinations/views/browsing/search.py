"""Search: a case number opens its case; anything else lists matching cases with excerpts."""

from typing import TypedDict

from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from determinations.access import audit
from determinations.access.roles import may_read_notes
from determinations.browsing.column_cases import FindCases
from determinations.browsing.lists import CASES
from determinations.browsing.other_names import other_names
from determinations.browsing.outcome_words import named_decision
from determinations.browsing.search import cases_numbered
from determinations.browsing.search_results import PAGE, RANKED, best_first, newest_matches, with_snippets
from determinations.browsing.suggestions import Suggestion
from determinations.browsing.suggestions import suggestions as suggestions_for
from determinations.browsing.vocabulary import did_you_mean
from determinations.cases.search_words import count_old_words, old_words_remain
from determinations.cases.typed_numbers import read_number_or_start
from determinations.filters.lookups import Lookups
from determinations.filters.words import LONGEST, QueryWords
from determinations.models import Case
from determinations.paging.addresses import changed, link_to
from determinations.paging.counts import Count, whole_number
from determinations.paging.filtered import list_page
from determinations.paging.keyset import Page
from determinations.paging.looking import Looked
from determinations.views.requests import person_of

#: With fewer results than this, a better spelling is offered.
_FEW = 5


class Matches(TypedDict):
    """What the page shows of a search for words."""

    spelled: str | None
    ranked: int | None
    count: Count
    page: Page[Case]
    results: object
    as_list: str
    looked: Looked | None
    whole_url: str


@require_safe
@permission_required("determinations.browse_cases", raise_exception=True)
def search(request: HttpRequest) -> HttpResponse:
    """``?q=`` is the search text; ``order=newest``, or the best match first."""
    lookups = Lookups(user=person_of(request))
    words = QueryWords.read(request.GET.get("q"), office=(field.key for field in lookups.searched_fields))
    notes = may_read_notes(person_of(request))
    if not words:
        return render(
            request,
            "browsing/search.html",
            {
                "words": words,
                "typed": request.GET.get("q", "").strip()[:LONGEST],
                "may_read_notes": notes,
                "office": lookups.searched_fields,
            },
        )
    numbered, exact = cases_numbered(words.text)
    if exact and len(numbered) == 1:
        return redirect(reverse("case_detail", args=[numbered[0].pk]))
    by_rank = request.GET.get("order") != "newest"
    context: dict[str, object] = {
        "words": words,
        "cut_at": LONGEST if len(request.GET.get("q", "").strip()) > LONGEST else None,
        "numbered": numbered,
        "number": read_number_or_start(words.text),
        "names": other_names(words.text),
        "named_decision": named_decision(words.text),
        "authorities": [] if numbered else lookups.labels.authorities_named(words.text),
        "by_rank": by_rank,
        "old_words": count_old_words() if old_words_remain() else None,
        "filters_query": QueryDict(mutable=True),
    }
    if numbered:
        shown, total = [case.pk for case in numbered], str(len(numbered))
    else:
        context |= (matches := _matches(request, words, lookups, by_rank=by_rank))
        shown, total = [case.pk for case in matches["page"].rows], str(matches["count"])
    audit.note(
        request, "search.made", letter_ids=shown, query=request.GET.urlencode()[:2_000], rows=len(shown), total=total
    )
    return render(request, "browsing/search.html", context)


def _matches(request: HttpRequest, words: QueryWords, lookups: Lookups, *, by_rank: bool) -> Matches:
    notes, whole = lookups.may_read_notes, request.GET.get("look") == "whole"
    only_words = QueryDict(mutable=True)
    only_words["q"] = words.text
    filterset = CASES.filterset(only_words, lookups=lookups)
    listed = CASES.list_query(filterset, only_words)
    looked, ranked = None, 0
    if by_rank or (words.unpacked and not whole):
        keys, count, looked = newest_matches(listed, filterset, words, whole=whole)
        page, ranked = _numbered_page(request, keys, words if by_rank else None, notes=notes)
    else:
        found = FindCases(filterset)
        page, count = list_page(listed, Case.objects.current(), request.GET, size=PAGE, find_keys=found)
    return {
        "spelled": _better_spelling(words, lookups) if count.number < _FEW and not count.capped else None,
        "ranked": ranked if by_rank and (count.capped or count.number > ranked) else None,
        "count": count,
        "looked": None if looked is None or looked.all_read else looked,
        "whole_url": link_to(changed(request.GET, {"look": "whole"}, without=("page",))),
        "page": page,
        "results": with_snippets(
            page.rows, words, notes=notes, noted=lookups.found_in_notes, office=lookups.searched_fields
        ),
        "as_list": only_words.urlencode(),
    }


def _better_spelling(words: QueryWords, lookups: Lookups) -> str | None:
    """The search with misspelled words corrected, if that finds anything."""
    spelled = did_you_mean(words.text, lookups.searched_fields)
    if spelled is None:
        return None
    query = QueryDict(mutable=True)
    query["q"] = spelled
    return spelled if CASES.filterset(query, lookups=lookups).qs.exists() else None


@require_safe
@permission_required("determinations.browse_cases", raise_exception=True)
def suggestions(request: HttpRequest) -> JsonResponse:
    """Suggestions for ``?q=``, a search that is being typed."""
    typed = request.GET.get("q", "").replace("\x00", " ")[:LONGEST]
    office = Lookups(user=person_of(request)).searched_fields if ":" in typed else []
    suggested = suggestions_for(typed, office)
    audit.note_suggestions(request, "search", typed, [one.case_id for one in suggested if one.case_id is not None])
    return JsonResponse({"suggestions": [_as_json(suggestion) for suggestion in suggested]})


def _as_json(suggestion: Suggestion) -> dict[str, str]:
    url = reverse("case_detail", args=[suggestion.case_id]) if suggestion.case_id else ""
    return {"value": suggestion.value, "label": suggestion.label, "note": suggestion.note, "url": url}


def _numbered_page(
    request: HttpRequest, keys: list[int], words: QueryWords | None, *, notes: bool
) -> tuple[Page[Case], int]:
    """The page that the address numbers, of cases given newest first: by rank for ``words``; how many there are."""
    keys = keys[:RANKED] if words else keys
    most = max(1, -(-len(keys) // PAGE))
    number = min(max(1, whole_number(request.GET.get("page", ""), most=999) or 1), most)
    if words:
        cases = best_first(keys, words, number, notes=notes)
    else:
        of_page = keys[(number - 1) * PAGE : number * PAGE]
        by_key = Case.objects.in_bulk(of_page)
        cases = [by_key[key] for key in of_page if key in by_key]

    def link(to: int | None) -> str | None:
        return None if to is None else link_to(changed(request.GET, {"page": str(to)}))

    before, after = (number - 1 if number > 1 else None), (number + 1 if number < most else None)
    return Page(cases, link(1 if before else None), link(before), link(after), link(most if after else None)), len(
        keys
    )
