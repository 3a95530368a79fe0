"""What a decision rationale concludes, for comparison with the decision on its item's line."""

import re
from collections.abc import Iterator

from determinations.parsing.results import Decision

#: The fixed text that follows the conclusion of a refused opioid, and speaks of necessity without deciding.
_OPIOID_TAIL = "This decision addresses the medical necessity of opioids"
_TAIL_LENGTH = 700
#: What is before ``medically necessary`` in a plain statement: ``is not``, ``is determined to not be``.
_VERB = re.compile(
    r"\b(?P<verb>is|are|was|were|be)\b(?P<between>(?:[ ,-]+(?:hereby|therefore|thus|also|deemed|considered|determined|"
    r"found|felt|seen|as|to|be|not|both|certified|and|reasonable|appropriate))*)[ -]+\Z"
)
#: How nearly every refusal says it; the other forms cost a search.
_PLAINLY_NOT = (" is not ", " are not ")
_PREDICATE = re.compile(r"medically (?:necessary|appropriate)\b")
_REACH_BACK = 90
_NOT = re.compile(r"\bnot\b")
_NEGATION = re.compile(r"\b(?:not|no|nor|neither|never|cannot|can't|isn't|unable|fails?|failed|lack|without)\b", re.I)
_CONDITION = re.compile(
    r"\b(?:if|unless|whether|until|when|would|could|should|may|might|must|only|why|how|that)\b", re.I
)
_SENTENCE_START = re.compile(r"[.;:?!]\s+(?=[A-Z])")


def conclusion_of(rationale: str) -> Decision | None:
    """``upheld`` or ``overturned`` when the rationale's last plain statement says so; None when it has none.

    Only a flat statement counts: not one inside a condition (``would be medically necessary if``), not one whose
    sentence denies something else, because a wrong contradiction costs a person's time.
    """
    cut = rationale.rfind(_OPIOID_TAIL)
    end = cut if cut > 0 else len(rationale)
    tail = rationale[max(0, end - _TAIL_LENGTH) : end]
    at = tail.rfind("medically ")
    while at >= 0:
        if tail.endswith(_PLAINLY_NOT, 0, at) and _PREDICATE.match(tail, at):
            return "upheld"
        predicate = _PREDICATE.match(tail, at)
        verb = _VERB.search(tail, max(0, at - _REACH_BACK), at) if predicate else None
        if predicate and verb:
            return _stated(tail, verb, predicate.end())
        at = tail.rfind("medically ", 0, at)
    return None


def _stated(tail: str, verb: re.Match[str], end: int) -> Decision | None:
    if _NOT.search(verb["between"]):
        return "upheld"
    start = max((match.end() for match in _SENTENCE_START.finditer(tail, 0, verb.start())), default=0)
    before, after = tail[start : verb.start()], tail[end : end + 80].split(".")[0]
    if verb["verb"] == "be" or any(p.search(before) for p in (_NEGATION, _CONDITION)) or _CONDITION.search(after):
        return None
    return "overturned"


#: ``the medical necessity of the six visits is established``, ``... has not been established``.
_NECESSITY = re.compile(
    r"\bnecessity\b[^.;]{0,120}?\b(?:is|are|was|were|has been|have been)\s+(?P<not>not\s+|un)?"
    r"(?:clearly\s+|adequately\s+)?(?:established|supported|demonstrated|substantiated)\b"
)
_SHOWN = ("established", "supported", "demonstrated", "substantiated")
#: How rationales come to their end, whichever way they decide.
_CONCLUDES = re.compile(
    r"\bnecess(?:ary|ity)\b|\bnot\s+(?:medically\s+)?(?:appropriate|established|supported|recommended|warranted|indicated)\b"
    r"|\b(?:is|are|was|were|be|been)\s+(?:medically\s+)?(?:appropriate|warranted|supported|indicated|established|upheld|"
    r"overturned|approved|denied|certified|non-?certified)\b",
    re.IGNORECASE,
)


def reaches_conclusion(rationale: str) -> bool:
    """Whether the end of a rationale speaks of necessity or of the decision at all."""
    start = max(0, len(rationale) - _TAIL_LENGTH)
    return "necess" in rationale[start:] or bool(_CONCLUDES.search(rationale, start))


def contradicting_sentence(rationale: str, decision: Decision) -> tuple[int, int] | None:
    """Where the end of a rationale plainly states the opposite of ``decision``, although it also states it."""
    cut = rationale.rfind(_OPIOID_TAIL)
    end = cut if cut > 0 else len(rationale)
    start = max(0, end - _TAIL_LENGTH)
    tail = rationale[start:end]
    if not _may_state_the_opposite(tail, decision):
        return None
    statements = list(_statements(tail))
    if not any(stated == decision for stated, _ in statements):
        return None
    opposite = next((place for stated, place in statements if stated and stated != decision), None)
    return (start + opposite[0], start + opposite[1]) if opposite else None


def _may_state_the_opposite(tail: str, decision: Decision) -> bool:
    """A quick look, which nearly every rationale fails."""
    if decision == "overturned":
        return "not" in tail
    plain = tail.count("medically necessary") + tail.count("medically appropriate") - tail.count("not medically ")
    return plain > 0 or ("necessity" in tail and any([word in tail for word in _SHOWN]))


def _statements(tail: str) -> Iterator[tuple[Decision | None, tuple[int, int]]]:
    """Every plain statement about necessity, and the sentence that it is in up to its end."""
    for predicate in _PREDICATE.finditer(tail):
        verb = _VERB.search(tail, max(0, predicate.start() - _REACH_BACK), predicate.start())
        if verb:
            sentence = _sentence_start(tail, verb.start())
            yield _stated(tail, verb, predicate.end()), (sentence, predicate.end())
    if "necessity" not in tail:
        return
    for match in _NECESSITY.finditer(tail):
        sentence = _sentence_start(tail, match.start())
        if match["not"]:
            yield "upheld", (sentence, match.end())
        elif not _NEGATION.search(tail, sentence, match.end()) and not _CONDITION.search(
            tail, sentence, match.start()
        ):
            yield "overturned", (sentence, match.end())


def _sentence_start(tail: str, position: int) -> int:
    return max((match.end() for match in _SENTENCE_START.finditer(tail, 0, position)), default=0)
