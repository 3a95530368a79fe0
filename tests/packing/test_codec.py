"""Packed texts come back as they were; damage is always told, and old forms and the dictionary never change."""

import hashlib
import json
from collections.abc import Callable
from importlib.resources import files
from random import Random
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints, is_typeddict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from determinations import packing
from determinations.packing.codec import (
    UnreadableValue,
    pack,
    pack_json,
    packed_literal,
    unpack,
    unpack_json,
    unpacked_literal,
)
from determinations.parsing import parse_letter
from determinations.parsing.results import LetterRecord, PartRecord, to_record
from determinations.synthetic import write_letter

SENTENCE = (
    "This is a synthetic letter, written by a program. The request for twelve sessions is not medically necessary."
)
#: The sentence as the first form stored it. It must stay readable for good.
FIRST_FORM = "01246dad000000064000e545d8bd558b93c6749dafe8420eb2280757fa359a"


def fault_of(value: bytes, text: str) -> UnreadableValue | None:
    """What unpacking a damaged value of the text says; None if it still gives the text."""
    try:
        assert unpack(value) == text
    except UnreadableValue as fault:
        return fault
    return None


@settings(max_examples=60, deadline=None)
@given(st.text())
def test_a_text_comes_back_as_it_was(text: str) -> None:
    assert unpack(pack(text)) == text
    assert unpacked_literal(packed_literal(text)) == text


def read_letter() -> LetterRecord:
    return to_record(parse_letter(write_letter(3, 5).text))


@pytest.mark.parametrize(
    "made",
    [read_letter, lambda: {"a\u2028é\U0001f9b4": ['"\\/\b\f\n\r\t\x00\x1b\x7f', None, True, -7, 0.5, {}, []], "": ""}],
)
def test_json_is_stored_as_every_version_stored_it(made: Callable[[], dict[str, object]]) -> None:
    value = made()
    assert unpack(pack_json(value)) == json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    assert unpack_json(pack_json(value)) == json.loads(json.dumps(value))


def kinds_of(annotation: Any) -> set[object]:
    """The plain types that values of a type consist of."""
    if is_typeddict(annotation):
        return set().union(*map(kinds_of, get_type_hints(annotation).values()))
    if get_origin(annotation) is Literal:
        return {type(value) for value in get_args(annotation)}
    if parts := get_args(annotation):
        assert get_origin(annotation) in (list, dict, Union, UnionType), annotation
        return set().union(*map(kinds_of, parts))
    return {annotation}


def test_what_is_stored_of_a_letter_has_no_value_that_versions_write_in_different_ways() -> None:
    assert kinds_of(PartRecord) == {str, int, bool, NoneType}
    assert kinds_of(LetterRecord) == kinds_of(PartRecord)
    with pytest.raises(TypeError):
        pack_json({"pages": 2**64})


def test_letters_take_less_than_a_third_and_texts_that_do_not_pack_a_byte_more() -> None:
    letter = write_letter(3, 5).text
    assert unpack(pack(letter)) == letter
    assert len(pack(letter)) * 3 < len(letter.encode())
    assert (pack(""), pack("Norco"), packed_literal(None)) == (b"\x00", b"\x00Norco", r"\x00")


def test_every_damage_is_told_without_the_text() -> None:
    letter = write_letter(4, 5).text
    packed, chance = pack(letter), Random(7)
    damaged = [packed[:length] for length in range(1, len(packed), 7)]
    for _ in range(300):
        changed = bytearray(packed)
        changed[chance.randrange(1, len(packed))] ^= 1 << chance.randrange(8)
        damaged.append(bytes(changed))
    faults = [fault for value in damaged if (fault := fault_of(value, letter))]
    assert len(faults) > len(damaged) - 5  # a few bits are not used
    assert {(str(fault)[:26], fault.__cause__) for fault in faults} == {("A stored text is damaged a", None)}
    with pytest.raises(UnreadableValue, match="damaged"):
        unpack(b"\x00\xff")
    with pytest.raises(UnreadableValue, match="damaged") as told:
        unpack_json(b'\x00{"summary": "synthetic')
    assert told.value.__cause__ is None


def test_a_form_of_a_later_version_is_named() -> None:
    with pytest.raises(UnreadableValue, match="form 7f, which this version does not know"):
        unpack(b"\x7fsomething")


def test_the_first_dictionary_and_its_values_never_change() -> None:
    data = (files(packing) / "dictionary_1.txt").read_bytes()
    assert hashlib.sha256(data).hexdigest() == "01e76feac3fb18baa70f07dd8bc0ebd399c05901019dad070130f2a844cd8fa5"
    assert unpack(bytes.fromhex(FIRST_FORM)) == SENTENCE
