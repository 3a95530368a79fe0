"""``manage.py explain_letter``: how one letter is read, stage by stage, for developers of the parser."""

from argparse import ArgumentParser
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from determinations.extraction.results import Unreadable
from determinations.management.commands.parse_letters import source_of
from determinations.parsing import PARSER_VERSION, parse_letter
from determinations.parsing.clean import clean_text
from determinations.parsing.layouts import recognize_layout
from determinations.parsing.problems import PROBLEMS
from determinations.parsing.results import ParsedItem, ParsedLetter
from determinations.parsing.sections import find_sections
from determinations.parsing.spans import Span
from determinations.parsing.typography import typography_of

_SHOWN = 100
_ITEM_VALUES = ("request", "disputed", "partly_approved", "decision", "claims_text", "reviewer_text", "rationale")
_LETTER_VALUES = (
    "case_number",
    "date_assigned",
    "date_of_injury",
    "decision_date",
    "ur_denial_date",
    "application_received",
    "priority",
    "licensure",
    "specialties",
    "age",
    "sex",
    "summary",
)


class Command(BaseCommand):
    """Prints the stages of one letter: what each found, where, and the text it is based on."""

    help = "Show how one letter is read: stages, values with their evidence, problems with their remedies."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE", help="a .pdf or .txt file")

    def handle(self, *args: object, file: Path, **options: object) -> None:
        try:
            text = source_of(file.name, file.read_bytes()).text
        except (Unreadable, OSError) as error:
            raise CommandError(f"{file.name}: {error}") from error
        source = clean_text(text)
        letter = parse_letter(text)
        self._stage("text", f"{len(text):,} characters, {text.count(chr(12)) + 1} pages; parser {PARSER_VERSION}")
        self._stage("clean", f"{sum(a != b for a, b in zip(text, source, strict=True))} characters replaced")
        self._explain_layout(source)
        self._explain_values(source, letter)
        for item in letter.items:
            self._explain_item(source, item)
        self._explain_problems(source, letter)

    def _explain_layout(self, source: str) -> None:
        match = recognize_layout(source)
        self._stage("layout", match.layout.label if match.layout else "not recognized")
        self._evidence("first marker", None, source, match.span)
        self.stdout.write("\nsections")
        sections = find_sections(source)
        for name, heading in zip(sections._fields, sections, strict=True):
            self._evidence(name, None, source, heading)
        if sections.summary:
            setting = typography_of(source, *sections.after(sections.summary, len(source)))
            self.stdout.write(
                f"  lines {setting.usual_gap} apart; a line narrower than {setting.full_width:.0f} had room"
            )

    def _explain_values(self, source: str, letter: ParsedLetter) -> None:
        self.stdout.write("\nvalues of the letter")
        for name in _LETTER_VALUES:
            self._evidence(name, getattr(letter, name), source, letter.spans.get(name))

    def _explain_item(self, source: str, item: ParsedItem) -> None:
        self.stdout.write(f"\nitem {item.number}")
        for name in _ITEM_VALUES:
            self._evidence(name, getattr(item, name), source, item.spans.get(name))
        self.stdout.write(f"  category: {item.category} / {item.subcategory} (rule {item.category_rule})")
        for side, citations in (("claims", item.claims), ("reviewer", item.reviewer)):
            for citation in citations:
                places = "; ".join((*citation.sections, *(f"p. {page}" for page in citation.pages)))
                said = " ".join(filter(None, (citation.authority, citation.edition, places and f"[{places}]")))
                self._evidence(f"{side} cites", said, source, citation.span)
        for ground in item.grounds:
            self._evidence("ground", f"{ground.code} (rule {ground.rule})", source, ground.span)

    def _explain_problems(self, source: str, letter: ParsedLetter) -> None:
        self.stdout.write(f"\nproblems: {len(letter.problems) or 'none'}")
        for problem in letter.problems:
            kind = PROBLEMS[problem.code]
            self.stdout.write(f"  {problem.code} ({kind.severity}) {problem.path}: {problem.message}")
            self._evidence("at", None, source, problem.span)
            self.stdout.write(f"      {kind.remedy}")

    def _stage(self, name: str, said: str) -> None:
        self.stdout.write(f"{name}: {said}")

    def _evidence(self, name: str, value: object, source: str, span: Span | None) -> None:
        """Print a value, its place, and the text at that place."""
        said = "" if value is None else f" = {_short(str(value))}"
        if span is None:
            self.stdout.write(f"  {name}{said or ': not found'}")
            return
        place = f"{span.start}-{span.end}"
        self.stdout.write(f"  {name}{said}\n      {place:>13}  {_short(repr(source[span.start : span.end]))}")


def _short(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN // 2]} … {text[-_SHOWN // 2 + 3 :]}"
