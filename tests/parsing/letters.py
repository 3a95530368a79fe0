"""The synthetic letters of ``tests/letters``, and the same letters as other text readers print them."""

import json
import re
from collections.abc import Callable
from datetime import date
from pathlib import Path

from determinations.parsing.results import ExpectedRecord

FOLDER = Path(__file__).resolve().parent.parent / "letters"
NAMES = sorted(path.stem for path in FOLDER.glob("*.json"))

_HEADER = re.compile(
    r"Case Number: (\S+)\s+Date Assigned: (\S+) Date of Injury:  (\S+)\s+"
    r"Decision Date: (\S+) UR Denial Date:  (\S+)\s+Priority:  (\w+) Application\s+Received:\s+(\S+)"
)


class LetterOnFile(ExpectedRecord):
    """What is next to a letter: its values, and the codes of its problems."""

    problems: list[str]


def text_of(name: str) -> str:
    return (FOLDER / f"{name}.txt").read_text(encoding="utf-8")


def record_of(name: str) -> LetterOnFile:
    record: LetterOnFile = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    return record


def _header(shape: str) -> Callable[[str], str]:
    """The header block in another shape; its values: case, assigned, injury, decision, denial, priority, received."""
    return lambda text: _HEADER.sub(lambda match: shape.format(*match.groups()), text)


def _without_blank_lines(text: str) -> str:
    return "\n".join(line for line in text.split("\n") if line.strip(" "))


def _paragraphs(text: str) -> str:
    return "\n\n".join(" ".join(part.split()) for part in re.split(r"\n[ \f]*\n[ \f]*", text))


def _running_lines(text: str) -> str:
    """A footer and a header at every page's edge, and pages that end elsewhere than in the letter."""
    lines, body = text.replace("\f", "").split("\n"), text.split("\n").index("CLINICAL CASE SUMMARY ")
    pages = [lines[: body + 9], *(lines[at : at + 17] for at in range(body + 9, len(lines), 17))]
    footer = "\n\nFinal Letter of Determination      Form Effective 01.02.14                      Page {0}"
    own = _HEADER.search(text)
    return f"\n\fIMR Case Number {own[1] if own else ''} Page 2 \n".join(
        "\n".join(page) + footer.format(number) for number, page in enumerate(pages, 1)
    )


#: How text readers print the same page.
READERS: dict[str, Callable[[str], str]] = {
    "as it is": lambda text: text,
    "line ends of Windows": lambda text: text.replace("\n", "\r\n"),
    "no blank lines": _without_blank_lines,
    "no trailing spaces": lambda text: "\n".join(line.rstrip(" ") for line in text.split("\n")),
    "double-spaced": lambda text: text.replace("\n", "\n\n"),
    "no page marks": lambda text: text.replace("\f", ""),
    "indented": lambda text: "\n".join("      " + line for line in text.split("\n")),
    "labels and values on alternate lines": _header(
        "Case Number: \n{0} \n \nDate Assigned: \n{1} \nDate of Injury: \n{2} \nDecision Date: \n{3} \n"
        "UR Denial Date: \n{4} \nPriority: \n{5} \nApplication \nReceived: \n{6} \n"
    ),
    "columns": _header(
        "Case Number: \nDate Assigned: \nDecision Date: \nPriority: \n\n{0} \n{1} \n{3} \n{5} \n\n{2} \n"
        "Date of Injury: \nUR Denial Date:   {4} \n{6} \nApplication \nReceived:  \n"
    ),
    "all labels first": _header(
        "Case Number:\nDate Assigned:\nDecision Date:\nPriority:\nDate of Injury:\nUR Denial Date:\nApplication\n"
        "Received:\n{0}\n{1}\n{3}\n{5}\n{2}\n{4}\n{6}\n"
    ),
    "values above their column of labels": _header(
        "{0} \n{1} \n{3} \n{5} \n\nCase Number: \nDate Assigned: \nDecision Date: \nPriority: \n\n{2} \n"
        "Date of Injury: \nUR Denial Date:   {4} \n{6} \nApplication \nReceived:  \n"
    ),
    "a heading on the header's last row": lambda text: re.sub(r"(\d{4})\s+(?=HOW THE IMR)", r"\1 ", text),
    "laid out": _header(
        "Case Number:    {0}\nDate Assigned:  {1}         Date of Injury:   {2}\nDecision Date:  {3}         "
        "UR Denial Date:   {4}\nPriority:       {5}           Application       {6}\n"
        "                                 Received:"
    ),
    "numbered headings": lambda text: re.sub(
        r"^(HOW THE IMR|The Expert Reviewer has the|CLINICAL CASE|IMR ISSUES)", r"III. \1", text, flags=re.MULTILINE
    ),
    "headings with a colon": lambda text: re.sub(
        r"^(CLINICAL CASE SUMMARY|IMR ISSUES.*\w)", r"\1:", text, flags=re.MULTILINE
    ),
    "one line a paragraph": _paragraphs,
    "running headers and footers": _running_lines,
    "labels in capitals": lambda text: re.sub(
        r"Claims Administrator guideline:|MAXIMUS guideline:|Decision rationale:", lambda m: m[0].upper(), text
    ),
}

#: The dates of the headers that tests write.
VALUES = {
    "date_assigned": date(2017, 2, 6),
    "date_of_injury": date(2016, 11, 14),
    "decision_date": date(2017, 3, 3),
    "ur_denial_date": date(2017, 1, 20),
    "application_received": date(2017, 1, 31),
}
