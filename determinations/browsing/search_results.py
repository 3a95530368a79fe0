"""Search results: cases with excerpts, newest or best match first, always bounded."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from django.db.models import F, TextField, Value

from determinations.browsing.column_cases import FindCases
from determinations.browsing.lists import NEWEST
from determinations.cases.readable_values import readable
from determinations.filters import ListFilters
from determinations.filters.matching import Told
from determinations.filters.words import AsQuery, Matches, QueryWords
from determinations.models import Case, CaseNote, CaseText, Citation, Correction, DisputedItem, OfficeField
from determinations.models.packed import Stored
from determinations.paging.counts import Count
from determinations.paging.filtered import ListQuery, keys_from, rows_of
from determinations.paging.looking import Looked, look_through
from determinations.paging.sql import compiled
from determinations.searching.matches import Found, Piece, Searched, excerpts, whole
from determinations.searching.tsquery import Scope, alone
from determinations.wording.labels import value_texts

#: Only this many matches, the newest, are ranked: the words of each have to be read.
RANKED = 200
#: Of phrases, only so many letters, the newest with the words of the phrase, are read for their order.
LOOKED_THROUGH = 600
PAGE = 20
_RANK = """
SELECT letter.case_id
FROM determinations_casetext AS letter CROSS JOIN LATERAL (
    SELECT COALESCE(determinations_all_words(item.search), '') AS search
    FROM determinations_disputeditem disputed JOIN determinations_itemtext item ON item.item_id = disputed.id
    WHERE disputed.case_id = letter.case_id
) AS items
WHERE letter.case_id = ANY(%s)
ORDER BY ts_rank(letter.search || items.search, {query}, 1) DESC, letter.case_id DESC LIMIT %s OFFSET %s
"""
_READ_CHARACTERS = 20_000
_SNIPPETS = 3
#: Notes that a page of results is looked up in.
_NOTES = 200


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Where a text matches: the name of the field, and what is shown of it."""

    label: str
    pieces: Sequence[Piece]


@dataclass(frozen=True, slots=True)
class Snippet:
    """What matches in one item, or in the letter besides its items (then ``number`` is None)."""

    number: int | None
    decision: str
    request: Sequence[Piece]
    excerpts: Sequence[Excerpt]
    #: How many parts of the search it shows.
    parts: int


@dataclass(slots=True)
class SearchResult:
    """A matching case with its snippets; ``where`` names all fields in which it matches."""

    case: Case
    snippets: list[Snippet] = field(default_factory=list)
    where: list[str] = field(default_factory=list)


def newest_matches(
    listed: ListQuery, filterset: ListFilters, words: QueryWords, *, whole: bool = False
) -> tuple[list[int], Count, Looked | None]:
    """The newest matches that are ranked, how many match, and what was read to tell. One query.

    Of phrases, the newest letters with their words are read; with ``whole``, all of them, however long that takes.
    """
    if words.unpacked and not whole:
        by_index, by_texts = (filterset.words_told(told) for told in (Told.BY_INDEX, Told.BY_TEXTS))
        looked = look_through(listed.everything, by_index, by_texts, NEWEST, most=LOOKED_THROUGH)
        return looked.keys, looked.count, looked
    newest = replace(listed, order=NEWEST)
    by_column = FindCases(filterset).by_column(newest, None, RANKED, forward=True)
    return *(by_column or keys_from(newest, None, RANKED, forward=True, enough=PAGE)), None


def best_first(case_ids: Sequence[int], words: QueryWords, page: int, *, notes: bool) -> list[Case]:
    """One page (from 1) of these cases by rank. Two queries."""
    expression = words.query(Scope.CASES, notes=notes).resolve_expression(Case.objects.all().query)
    query, its_parameters = compiled(expression, Case)
    parameters = [list(case_ids), *its_parameters, PAGE, (page - 1) * PAGE]
    ranking = [pk for (pk,) in rows_of(_RANK.format(query=query), parameters, of_words=False)]
    cases = Case.objects.in_bulk(ranking)
    return [cases[pk] for pk in ranking if pk in cases]


def with_snippets(
    cases: Sequence[Case], words: QueryWords, *, notes: bool, noted: bool = False, office: Sequence[OfficeField] = ()
) -> list[SearchResult]:
    """The cases with up to three snippets each, those that show the most of the search. Two queries.

    One more if notes on corrections may be read; one more if some case is ``noted``, that is, has a note that matches;
    one more if the cases have values of the office's fields; one more for cases that match only by the name of what
    they cite.
    """
    results, searched = {case.pk: SearchResult(case) for case in cases}, Searched(words.alternatives)
    found: dict[int, list[Snippet]] = {pk: [] for pk in results}
    for case_id, snippet in (
        *_of_items(results, searched),
        *_of_letters(results, searched, notes=notes),
        *(_of_notes(results, searched) if noted else ()),
        *_of_values(results, searched, office),
    ):
        found[case_id].append(snippet)
    for case_id, snippet in _of_names([pk for pk, snippets in found.items() if not snippets], searched):
        found[case_id].append(snippet)
    for pk, result in results.items():
        best = sorted(found[pk], key=lambda snippet: -snippet.parts)[:_SNIPPETS]
        result.snippets = sorted(best, key=lambda snippet: (snippet.number is None, snippet.number or 0))
        result.where = list(dict.fromkeys(e.label for snippet in found[pk] for e in snippet.excerpts))
    return list(results.values())


def _of_items(results: Mapping[int, SearchResult], searched: Searched) -> Iterator[tuple[int, Snippet]]:
    rows = DisputedItem.objects.filter(case__in=list(results)).order_by("case", "number")
    texts = (Stored("text__rationale"), Stored("text__claims_text"), Stored("text__reviewer_text"))
    for case_id, number, decision, disputed, request, *of_item in rows.values_list(
        "case", "number", "decision", "disputed", "request", *texts
    ):
        rationale, claims, reviewer = (readable(text, case_id) for text in of_item)
        in_request = searched.find(request, "request")
        if disputed != request:
            in_disputed = searched.find(disputed, "request")
            if in_disputed.parts >= in_request.parts:
                request, in_request = disputed, in_disputed
        fields = (
            ("Rationale", rationale, "rationale"),
            ("Claims administrator's guideline line", claims, "cites"),
            ("Reviewer's guideline line", reviewer, "cites"),
        )
        excerpts_of, parts = _excerpts(fields, searched)
        if in_request.parts:
            excerpts_of.insert(0, Excerpt("Request", ()))
        if excerpts_of:
            shown = whole(request, in_request)
            yield case_id, Snippet(number, decision, shown, excerpts_of, parts + in_request.parts)


def _of_letters(
    results: Mapping[int, SearchResult], searched: Searched, *, notes: bool
) -> Iterator[tuple[int, Snippet]]:
    noted: dict[int, list[str]] = {}
    if notes:
        rows = Correction.objects.filter(letter_id__in=list(results)).exclude(note="").order_by("pk")
        for letter_id, note in rows.values_list("letter_id", "note"):
            noted.setdefault(letter_id, []).append(note)
    summaries = CaseText.objects.filter(pk__in=list(results)).values_list("pk", Stored("summary"))
    for case_id, stored in summaries:
        case, summary = results[case_id].case, readable(stored, case_id)
        fields = [
            ("Clinical summary", summary, "summary"),
            ("Reviewer", "; ".join([*case.specialties, *case.licensure]), "reviewer"),
            *(("Note on a correction", note, "notes") for note in noted.get(case_id, ())),
        ]
        excerpts_of, parts = _excerpts(fields, searched)
        if excerpts_of:
            yield case_id, Snippet(None, "", (), excerpts_of, parts)


def _of_notes(results: Mapping[int, SearchResult], searched: Searched) -> Iterator[tuple[int, Snippet]]:
    """The newest notes on these cases in which a part of the search occurs."""
    asked = [alone(part) for parts in searched.alternatives for part in parts if part.is_said_in("notes")]
    if not asked:
        return
    query = AsQuery(Value(" | ".join(f"({part})" for part in asked), output_field=TextField()))
    rows = CaseNote.objects.filter(Matches(F("search"), query), letter__in=list(results)).select_related("by")
    noted: dict[int, list[tuple[str, str, str]]] = {}
    for note in rows.defer("search").order_by("-pk")[:_NOTES]:
        noted.setdefault(note.letter_id, []).append((f"Note by {note.by.get_username()}", note.text, "notes"))
    for pk, fields in noted.items():
        excerpts_of, parts = _excerpts(fields, searched)
        if excerpts_of:
            yield pk, Snippet(None, "", (), excerpts_of, parts)


def _of_values(
    results: Mapping[int, SearchResult], searched: Searched, office: Sequence[OfficeField]
) -> Iterator[tuple[int, Snippet]]:
    ids = {(pk, field): getattr(result.case, field.column) for pk, result in results.items() for field in office}
    texts = value_texts(ids.values())
    for pk in results:
        fields = [(field.name, texts.get(ids[pk, field] or 0, ""), field.key) for field in office]
        excerpts_of, parts = _excerpts(fields, searched)
        if excerpts_of:
            yield pk, Snippet(None, "", (), excerpts_of, parts)


def _of_names(case_ids: Sequence[int], searched: Searched) -> Iterator[tuple[int, Snippet]]:
    """Cases that match by the names of the guidelines they cite, which their lines print otherwise."""
    if not case_ids:
        return
    cited = Citation.objects.filter(item__case__in=case_ids).select_related("authority", "item")
    seen = set()
    for citation in cited.order_by("item__case", "item__number"):
        name = f"{citation.authority.get_family_display()}: {citation.authority.title}"
        case_id = citation.item.case_id
        if (case_id, name) in seen:
            continue
        seen.add((case_id, name))
        excerpts_of, parts = _excerpts([("Guideline cited", name, "cites")], searched)
        if excerpts_of:
            item = citation.item
            yield case_id, Snippet(item.number, item.decision, whole(item.disputed, Found(0, ())), excerpts_of, parts)


def _excerpts(fields: Iterable[tuple[str, str, str]], searched: Searched) -> tuple[list[Excerpt], int]:
    """Excerpts of the texts that match, given as label, text and field; and how many parts they show at most."""
    shown: list[Excerpt] = []
    most = 0
    for label, text, name in fields:
        found = searched.find(text[:_READ_CHARACTERS], name)
        if found.parts:
            shown.append(Excerpt(label, excerpts(text[:_READ_CHARACTERS], found)))
            most = max(most, found.parts)
    return shown, most
