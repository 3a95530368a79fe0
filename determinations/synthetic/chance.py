"""Choices from lists, quicker than the standard library's where many thousand letters are written."""

from collections.abc import Sequence
from random import Random
from typing import TypeVar

Thing = TypeVar("Thing")


def pick(rng: Random, things: Sequence[Thing]) -> Thing:
    """One of ``things``, each as likely."""
    return things[int(rng.random() * len(things))]


def pick_two(rng: Random, things: Sequence[Thing]) -> tuple[Thing, Thing]:
    """Two different ones of ``things``, which are two at least."""
    first = int(rng.random() * len(things))
    second = int(rng.random() * (len(things) - 1))
    return things[first], things[second + (second >= first)]


def pick_some(rng: Random, things: Sequence[Thing], number: int) -> list[Thing]:
    """Up to ``number`` different ones of ``things``, in any order."""
    rest = list(things)
    return [rest.pop(int(rng.random() * len(rest))) for _ in range(min(number, len(rest)))]
