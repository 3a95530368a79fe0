"""What letters say does not stay in the memory of a process when their words are made."""

import pytest

from determinations.cases.merging import merge
from determinations.cases.rows import words_of
from determinations.parsing import parse_letter
from determinations.parsing.results import to_record
from determinations.searching import vectors
from determinations.synthetic import write_letter


def kept() -> dict[str, int]:
    """How many values each function of ``vectors`` keeps."""
    return {name: one.cache_info().currsize for name, one in vars(vectors).items() if hasattr(one, "cache_info")}


@pytest.mark.django_db
def test_no_text_of_a_letter_is_kept_when_its_words_are_made() -> None:
    record = merge(to_record(parse_letter(write_letter(3, 5).text)), ()).record
    words_of({1: record}, {}, {})
    before = kept()
    record["items"][0]["request"] = "Zolgensma infusion of 12 March"
    record["items"][0]["rationale"] = "Zolgensma is not necessary"
    assert "zolgensma" in words_of({1: record}, {}, {})[1].items[0]
    assert kept() == before
