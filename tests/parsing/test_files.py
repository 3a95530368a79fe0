"""Whole files: the letters in them, their pages, and doubtful words of scans. All texts are synthetic."""

from typing import Any

from determinations.parsing import parse_file, parse_letter
from determinations.parsing.source import DoubtfulWord, SourceText
from determinations.parsing.spans import Span
from tests.parsing.letters import NAMES, text_of

LETTER = text_of("synthetic_page_edges")


def test_a_file_with_one_letter_gives_one_part_with_all_its_pages() -> None:
    for name in NAMES:
        text = text_of(name)
        (part,) = parse_file(SourceText.from_text(text))
        assert (part.part, part.pages) == (1, (1, text.count("\f") + 1))
        assert part.letter == parse_letter(text)


def test_pages_start_where_their_offsets_say() -> None:
    source = SourceText.from_text("one\f\ftwo")
    assert [source.text[slice(*span)] for span in source.page_spans()] == ["one", "", "two"]
    assert source.page_methods == ("text", "text", "text")


def test_a_page_range_set_by_hand_is_read_as_one_letter() -> None:
    pages = LETTER.count("\f") + 1
    text = f"A cover page.\f{LETTER}\fRecords."
    (part,) = parse_file(SourceText.from_text(text), page_ranges=[(2, pages + 1)])
    assert part.pages == (2, pages + 1)
    assert part.letter.case_number == parse_letter(LETTER).case_number
    place = part.letter.spans["case_number"]
    assert text[slice(*place)] == part.letter.case_number


def test_a_page_range_set_by_hand_leaves_out_other_letters_and_their_pages() -> None:
    pages = LETTER.count("\f") + 1
    text = f"{LETTER}\f{LETTER}"
    (part,) = parse_file(SourceText.from_text(text), page_ranges=[(pages + 1, 2 * pages)])
    assert part.part == 1
    assert part.extent.start > len(LETTER)
    assert text[slice(*part.letter.spans["case_number"])] == part.letter.case_number
    (both,) = parse_file(SourceText.from_text(text), page_ranges=[(1, 2 * pages)])
    assert both.pages == (1, 2 * pages)


def test_a_page_range_without_a_letter_says_so() -> None:
    (part,) = parse_file(SourceText.from_text(f"A shopping list.\f{LETTER}"), page_ranges=[(1, 1)])
    assert [problem.code for problem in part.letter.problems] == ["not_a_determination"]
    assert part.pages == (1, 1)


def test_doubtful_words_of_a_page_range_point_into_the_file() -> None:
    text = f"A cover page.\f{LETTER}"
    at = text.index("CM16-9900002")
    source = SourceText.from_text(text)
    words = (DoubtfulWord(Span(0, 1)), DoubtfulWord(Span(at, at + 12)))
    source = SourceText(source.text, source.page_offsets, source.page_methods, words)
    (part,) = parse_file(source, page_ranges=[(2, source.page_count)])
    (problem,) = [problem for problem in part.letter.problems if problem.code == "ocr_doubt"]
    assert (problem.span, problem.path) == (Span(at, at + 12), "case_number")


def doubtful(word: str, reason: Any = "low_confidence", *, letter: str = LETTER) -> list[tuple[str, str]]:
    at = letter.index(word)
    source = SourceText.from_text(letter)
    words = (DoubtfulWord(Span(at, at + len(word)), reason),)
    source = SourceText(source.text, source.page_offsets, source.page_methods, words)
    (part,) = parse_file(source)
    return [(problem.code, problem.path) for problem in part.letter.problems if problem.code == "ocr_doubt"]


def test_an_unsure_word_in_a_short_value_is_reported_at_its_path() -> None:
    assert doubtful("CM16-9900002") == [("ocr_doubt", "case_number")]
    assert doubtful("Upheld") == [("ocr_doubt", "items/1/decision")]


def test_an_unsure_word_in_prose_raises_nothing() -> None:
    assert doubtful("mechanism") == []


def test_an_unsure_abbreviation_in_prose_is_reported() -> None:
    for word, expected in (("(MRT)", [("ocr_doubt", "summary")]), ("[1]", []), ("Mrt", [])):
        assert doubtful(word, letter=LETTER.replace("mechanism", word, 1)) == expected


def test_a_corrected_phrase_is_reported_wherever_it_is() -> None:
    assert doubtful("mechanism", "mended") == [("ocr_doubt", "summary")]
    assert doubtful("CLINICAL CASE SUMMARY", "mended") == [("ocr_doubt", "")]
