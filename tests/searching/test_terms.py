"""The list of terms: every entry finds its example, and no name stands for two terms."""

from collections import Counter

import pytest

from determinations.searching.normal_form import slots_of
from determinations.searching.terms import Term, all_terms, version

TERMS = all_terms()


def test_no_name_stands_for_two_terms() -> None:
    names = Counter(name.lower() for term in TERMS for name in {*term.forms, *term.capitals})
    assert [name for name, number in names.items() if number > 1] == []
    assert len({term.lexeme for term in TERMS}) == len(TERMS)


@pytest.mark.parametrize("term", [term for term in TERMS if not term.drug], ids=lambda term: term.name)
def test_every_form_and_the_example_are_the_term(term: Term) -> None:
    for form in (*term.forms, *term.capitals):
        assert [slot.key for slot in slots_of(form, typed=True)] == [term.lexeme], form
    assert any(term.lexeme in slot.lexemes for slot in slots_of(term.example)), term.example


def test_every_name_of_a_drug_is_the_drug() -> None:
    wrong = [
        (term.name, name)
        for term in TERMS
        if term.drug
        for name in term.forms
        if [slot.key for slot in slots_of(name, typed=True)] != [term.lexeme]
    ]
    assert wrong == []


def test_the_drugs_of_the_categories_are_among_them() -> None:
    drugs = {term.name for term in TERMS if term.drug}
    assert {"hydrocodone", "gabapentin", "naproxen", "cyclobenzaprine", "zolpidem", "quetiapine"} <= drugs
    assert len(drugs) > 150


def test_the_version_fits_its_column() -> None:
    assert 0 < version() < 2**15
