"""The rows of the correction form: one value each, with its input's names, its problems, and what was typed."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from dataclasses import field as made_by

from django.utils.translation import gettext as _

from determinations.cases.fields import Field, GivenValue, citations_in
from determinations.cases.merging import Standing
from determinations.corrections.kinds import BETWEEN_PAGES, BETWEEN_SECTIONS, CONTROLS, digest_of, text_of
from determinations.corrections.submission import Part, input_name
from determinations.models.corrections import CorrectionState, FieldValue
from determinations.parsing.results import ProblemRecord
from determinations.wording.labels import Labels


class ExplainedProblem(ProblemRecord):
    """A problem with its explanation; ``dismiss`` is what its check box sends, ``word`` an unclear word of a scan."""

    label: str
    remedy: str
    evidence: str
    word: str
    dismiss: str


@dataclass(frozen=True, slots=True)
class Message:
    """An error or a warning about one value, with the ``anchor`` of its input and the item that it belongs to."""

    path: str
    words: str
    anchor: str = ""
    item_number: int | None = None
    item_request: str = ""

    @property
    def accepted_as(self) -> str:
        """What the page sends back once the user has seen the warning."""
        return f"{self.path} {self.words}"


@dataclass(frozen=True, slots=True)
class InputNames:
    """The names of one value's inputs."""

    value: str
    shown: str
    evidence: str
    confirm: str
    revert: str


@dataclass(frozen=True, slots=True)
class CitationLine:
    """One line of a list of citations: its inputs' texts and names; the last line of a list is blank."""

    authority: str
    edition: str
    sections: str
    pages: str
    printed: str
    place: str
    names: Mapping[str, str]
    is_blank: bool


@dataclass(slots=True)
class Row:
    """One value as the page shows it."""

    path: str
    field: Field
    value: GivenValue
    labels: Labels
    standing: Standing | None = None
    parser_value: FieldValue = None
    problems: list[ExplainedProblem] = made_by(default_factory=list)
    evidence: str = ""
    stored: GivenValue = None
    number_path: str = ""
    error: str = ""
    warning: str = ""
    meanwhile: str = ""
    touched: bool = False
    confirmed: bool = False
    reverted: bool = False

    @property
    def digest(self) -> str:
        """What says whether the value changed since it was shown; worked out only for rows shown or typed in."""
        return digest_of(self.field, self.stored)

    @property
    def name(self) -> str:
        """The path as part of an HTML id."""
        return self.path.replace("/", "-")

    @property
    def anchor(self) -> str:
        """The id of the value's first input."""
        return f"field-{self.name}"

    @property
    def template(self) -> str:
        """The template of the value's input."""
        return CONTROLS[self.field.kind].template

    @property
    def is_group(self) -> bool:
        """Whether the value has several inputs."""
        return CONTROLS[self.field.kind].is_group

    @property
    def text(self) -> str:
        """The value as its input shows it."""
        return text_of(self.field, self.value, self.labels)

    @property
    def parser_text(self) -> str:
        """The parser's value in words."""
        return text_of(self.field, self.parser_value, self.labels) or _("nothing")

    @property
    def inputs(self) -> InputNames:
        """The names of the value's inputs."""
        parts = (Part.VALUE, Part.SHOWN, Part.EVIDENCE, Part.CONFIRM, Part.REVERT)
        return InputNames(*(input_name(part, self.path) for part in parts))

    @property
    def citation_lines(self) -> Iterator[CitationLine]:
        """The lines of a list of citations, with a blank one at the end."""
        cited = citations_in(self.value)
        for place, citation in enumerate(cited):
            span = citation["span"]
            yield CitationLine(
                authority=self.labels.authority_name(citation["authority"]),
                edition=citation["edition"] or "",
                sections=BETWEEN_SECTIONS.join(citation["sections"]),
                pages=BETWEEN_PAGES.join(citation["pages"]),
                printed=citation["text"],
                place=f"{span[0]}-{span[1]}" if span else "",
                names=_citation_names(self.path, place),
                is_blank=False,
            )
        yield CitationLine("", "", "", "", "", "", _citation_names(self.path, len(cited)), is_blank=True)

    @property
    def is_corrected(self) -> bool:
        """Whether a value set by staff is in force here that differs from the parser's."""
        return self.standing is not None and self.standing.state != CorrectionState.CONFIRMED

    @property
    def needs_review(self) -> bool:
        """Whether something about the value is doubtful."""
        return bool(self.problems or self.error) or (
            self.standing is not None and self.standing.state == CorrectionState.CONFLICT
        )


@dataclass(slots=True)
class ItemRows:
    """One item's values, by field."""

    key: str
    number: int
    rows: dict[str, Row]
    problems: list[ExplainedProblem]
    is_added: bool

    @property
    def anchor(self) -> str:
        """The id of the item's heading."""
        return f"item-{self.key}"

    @property
    def split_name(self) -> str:
        """The name of the box in which the item is split."""
        return input_name(Part.SPLIT, self.key)

    @property
    def decision(self) -> str | None:
        """The decision for the badge; None while something else is typed."""
        decision = self.rows["decision"]
        value = decision.value
        return value if isinstance(value, str) and value in dict(decision.field.choices) else None

    @property
    def follows_request(self) -> bool:
        """Whether the part in dispute is the whole request."""
        return self.rows["disputed"].value == self.rows["request"].value


def _citation_names(path: str, place: int) -> Mapping[str, str]:
    parts = (Part.AUTHORITY, Part.EDITION, Part.SECTIONS, Part.PAGES, Part.PRINTED, Part.PLACE)
    return {str(part): input_name(part, path, place) for part in parts}
