"""What a decision rationale concludes, for comparison with the decision on its item's line."""

import re

from determinations.parsing.results import Decision

#: The fixed text that follows the conclusion of a refused opioid, and speaks of necessity without deciding.
_OPIOID_TAIL = "This decision addresses the medical necessity of opioids"
_TAIL_LENGTH = 700
#: ``is not medically necessary``, ``is determined to not be medically necessary``, ``cannot be deemed medically ...``
_STATEMENT = re.compile(
    r"\b(?P<verb>is|are|was|were|be)\b(?P<between>(?:[ ,-]+(?:hereby|therefore|thus|also|deemed|considered|determined|"
    r"found|felt|seen|as|to|be|not|both|certified|and|reasonable|appropriate))*)[ -]+medically "
    r"(?:necessary|appropriate)\b"
)
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
    last = None
    for last in _STATEMENT.finditer(tail):  # noqa: B007 - the last one is what counts
        pass
    if last is None:
        return None
    if re.search(r"\bnot\b", last["between"]):
        return "upheld"
    starts = [match.end() for match in _SENTENCE_START.finditer(tail, 0, last.start())]
    before = tail[starts[-1] if starts else 0 : last.start()]
    after = tail[last.end() : last.end() + 80].split(".")[0]
    if _NEGATION.search(before) or _CONDITION.search(before) or last["verb"] == "be" or _CONDITION.search(after):
        return None
    return "overturned"
