"""Pinned packages and known vulnerabilities, without network."""

from datetime import date
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from imrsite.local.advisories import LIST, Advisory, make_list, pins_of, read_list

HEADER = LIST.read_text().partition("\n")[0].rpartition(" ")[0]


def test_no_pinned_package_has_a_known_vulnerability_and_all_have_hashes() -> None:
    printed = StringIO()
    call_command("audit_dependencies", stdout=printed)
    known_until, advisories = read_list(LIST.read_text())
    assert len(advisories) > 2_000
    said = printed.getvalue()
    assert f"advisories known until {known_until}" in said
    assert f"NOT AUDITED: what was published in the last {(timezone.localdate() - known_until).days:,}" in said


def test_a_vulnerable_pin_and_one_without_a_hash_fail(tmp_path: Path) -> None:
    lock, printed = tmp_path / "lock.txt", StringIO()
    lock.write_text(
        "django==3.2.1 \\\n    --hash=sha256:00\nPillow[xmp]==13.0.0 ; python_version > '3'\nwaitress==3.0.2\n"
    )
    with pytest.raises(CommandError, match=r"\d+ known vulnerabilities, pillow has no hash, waitress has no hash"):
        call_command("audit_dependencies", locks=[lock], stdout=printed)
    assert "VULNERABLE: django 3.2.1: CVE-2021-35042" in printed.getvalue()
    assert [pin.has_hash for pin in pins_of(lock.read_text())] == [True, False, False]


def test_a_list_that_cannot_be_read_is_no_clean_result(tmp_path: Path) -> None:
    for text in (None, "", f"{HEADER} yesterday\n", f"{HEADER} 2024-01-01\nnonsense\n"):
        file = tmp_path / "list.tsv"
        if text is not None:
            file.write_text(text)
        with pytest.raises(CommandError, match="could not be audited"):
            call_command("audit_dependencies", list=file, stdout=StringIO())


@pytest.mark.parametrize(
    ("version", "ranges", "concerned"),
    [
        ("1.2", (("", "1.3"),), True),
        ("1.3", (("", "1.3"),), False),
        ("2.0", (("", "1.3"), ("2.0", "2.1")), True),
        ("9", (("2.0", ""),), True),
        ("1.4rc1", (("1.4", ""),), False),
        ("not a version", (("2.0", ""),), True),
    ],
)
def test_a_version_is_compared_with_the_ranges(
    version: str, ranges: tuple[tuple[str, str], ...], concerned: bool
) -> None:
    assert Advisory("x", "CVE-1", ranges).concerns(version) is concerned


def test_the_list_is_made_from_a_checkout_of_the_database(tmp_path: Path) -> None:
    folder = tmp_path / "vulns" / "some_package"
    folder.mkdir(parents=True)
    (folder / "a.yaml").write_text(
        "id: PYSEC-1\naliases: [GHSA-1, CVE-2026-1]\naffected:\n- package: {name: Some_Package}\n"
        "  ranges:\n  - type: ECOSYSTEM\n    events: [{introduced: '0'}, {fixed: '1.2'}, {introduced: '2.0'}]\n"
    )
    (folder / "b.yaml").write_text(
        "id: PYSEC-2\naffected:\n- package: {name: some-package}\n  ranges:\n  - type: ECOSYSTEM\n"
        "    events: [{introduced: '1.0'}, {last_affected: '1.5'}]\n"
    )
    (folder / "c.yaml").write_text("id: PYSEC-3\nwithdrawn: 2026-01-01T00:00:00Z\naffected: []\n")
    known_until, advisories = read_list(make_list(tmp_path, date(2026, 11, 29)))
    assert known_until == date(2026, 11, 29)
    assert {(advisory.package, advisory.id) for advisory in advisories} == {
        ("some-package", "CVE-2026-1"), ("some-package", "PYSEC-2"),
    }  # fmt: skip
    first, second = sorted(advisories, key=lambda advisory: advisory.id)
    assert [first.concerns(version) for version in ("1.1", "1.2", "2.4")] == [True, False, True]
    assert [second.concerns(version) for version in ("0.9", "1.5", "1.6")] == [False, True, False]
