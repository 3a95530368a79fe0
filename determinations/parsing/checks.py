"""Checks of a letter against itself: what cannot be, and what a letter of this layout always has."""

import re
from collections.abc import Iterator, Mapping
from datetime import date, timedelta

from determinations.parsing.rationale import conclusion_of, contradicting_sentence, reaches_conclusion
from determinations.parsing.results import ParsedItem, Problem
from determinations.parsing.spans import Span, ends_sentence, fold

#: Pairs of dates that can only be in this order (8 CCR 9792.10.1 and following: denial, application, assignment,
#: determination). A letter may be dated the same day.
_DATE_ORDER = (
    ("date_of_injury", "ur_denial_date"),
    ("date_of_injury", "decision_date"),
    ("ur_denial_date", "application_received"),
    ("ur_denial_date", "decision_date"),
    ("application_received", "date_assigned"),
    ("application_received", "decision_date"),
    ("date_assigned", "decision_date"),
)
#: From the denial to the determination it is months; and no injury is older than a working life.
_OF_THE_REVIEW = ("ur_denial_date", "application_received", "date_assigned", "decision_date")
_LONGEST_REVIEW = timedelta(days=3 * 365)
_LONGEST_SINCE_INJURY = timedelta(days=80 * 365)
#: ``denied by utilization review, citing the MTUS``
_REVIEW_CITED_MTUS = re.compile(
    r"utilization review[^.]{0,160}?\b(?:citing|cited|noting|noted|based on|per|referenc\w+|utilizing|using)\b"
    r"[^.]{0,40}?\b(?:MTUS|Medical Treatment Utilization Schedule)",
    re.IGNORECASE,
)
_DENIES_MTUS = re.compile(r"did not base their decision on the MTUS|outside of the MTUS|did not cite any")
_SENTENCES = (
    ("claims_text", "claims administrator's guideline line"),
    ("reviewer_text", "reviewer's guideline line"),
    ("rationale", "rationale"),
)


def check_dates(dates: Mapping[str, date], spans: Mapping[str, Span]) -> Iterator[Problem]:
    """A problem for each pair of dates in an impossible order, or too far apart."""
    for earlier, later in _DATE_ORDER:
        if earlier in dates and later in dates and dates[earlier] > dates[later]:
            message = f"The {_in_words(earlier)} is after the {_in_words(later)}."
            yield Problem("dates_contradict", message, spans.get(later), later)
    days = {name: dates[name] for name in _OF_THE_REVIEW if name in dates}
    last = max(days, key=days.__getitem__, default=None)
    if last and days[last] - min(days.values()) > _LONGEST_REVIEW:
        yield Problem("dates_contradict", "The dates of the review are years apart.", spans.get(last), last)
    elif last and "date_of_injury" in dates and days[last] - dates["date_of_injury"] > _LONGEST_SINCE_INJURY:
        message = "The date of injury is more than 80 years before the review."
        yield Problem("dates_contradict", message, spans.get("date_of_injury"), "date_of_injury")


def _in_words(name: str) -> str:
    return name.replace("_", " ").replace("ur denial", "UR denial")


def check_endings(items: tuple[ParsedItem, ...], summary: str | None, spans: Mapping[str, Span]) -> Iterator[Problem]:
    """Texts that break off: every summary, guideline line and rationale ends a sentence. Else something is missing,
    or a line that is not the letter's was read into it."""
    if summary and not ends_sentence(summary):
        yield Problem("text_breaks_off", "The summary does not end in a sentence.", spans.get("summary"), "summary")
    for item in items:
        for name, label in _SENTENCES:
            text = getattr(item, name)
            if text and not ends_sentence(text):
                last = name == "rationale" and item is items[-1]
                message = f"The {label} of item {item.number} does not end in a sentence."
                yield Problem(
                    "text_breaks_off",
                    f"{message} The letter's last page may be missing." if last else message,
                    item.spans.get(name),
                    f"items/{item.number}/{name}",
                )


def _check_rationale(source: str, item: ParsedItem) -> Iterator[Problem]:
    """A rationale that states both decisions, or comes to none."""
    place = item.spans.get("rationale")
    if not item.rationale or not place:
        return
    path = f"items/{item.number}/rationale"
    if not reaches_conclusion(item.rationale):
        message = f"The rationale of item {item.number} does not reach a conclusion; its end may be missing."
        yield Problem("text_breaks_off", message, place, path)
    sentence = contradicting_sentence(item.rationale, item.decision) if item.decision else None
    if sentence:
        message = "This sentence states the opposite of the decision, which the rationale also states."
        yield Problem("rationale_contradicts_itself", message, fold(source, *place).span(*sentence), path)


def check_items(source: str, items: tuple[ParsedItem, ...], summary: str | None) -> Iterator[Problem]:
    """Contradictions between an item's rationale and decision, and between guideline lines and the summary."""
    for item in items:
        yield from _check_rationale(source, item)
        concluded = conclusion_of(item.rationale) if item.rationale else None
        if concluded and item.decision and concluded != item.decision:
            yield Problem(
                "rationale_contradicts_decision",
                f"The rationale concludes that the denial is {concluded}, the item's line says {item.decision}.",
                item.spans.get("rationale"),
                f"items/{item.number}/rationale",
            )
    stated = [item for item in items if item.claims_text]
    if (
        summary
        and stated
        and not any(citation.family == "mtus" for item in stated for citation in item.claims)
        and all(_DENIES_MTUS.search(item.claims_text or "") for item in stated)
        and _REVIEW_CITED_MTUS.search(summary)
    ):
        first = stated[0]
        yield Problem(
            "guideline_contradicts_summary",
            "The summary says that utilization review relied on the MTUS; the claims administrator's lines deny it.",
            first.spans.get("claims_text"),
            f"items/{first.number}/claims_text",
        )
