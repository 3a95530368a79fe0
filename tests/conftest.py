"""Loads what tests share; see ``tests/fixtures/``."""

pytest_plugins = [
    "tests.fixtures.run",
    "tests.fixtures.services",
    "tests.fixtures.worker",
    "tests.fixtures.people",
    "tests.fixtures.browser",
]
