"""What the pages of help say is true of this version: their links, addresses, labels and roles."""

import re
from collections.abc import Iterator, Sequence
from itertools import chain

import pytest
from django.conf import settings
from django.contrib.auth.models import Group, User
from django.core.management import get_commands
from django.test import Client
from django.urls import NoReverseMatch, URLPattern, URLResolver, get_resolver, resolve, reverse

from determinations.access.roles import OUTSIDE_PARTY, ROLES
from determinations.help.markdown import bold_words, plain_paragraphs, rendered
from determinations.help.news import releases
from determinations.help.pages import HelpPage, all_pages, groups, page_about, written_pages
from determinations.help.pictures import PICTURES
from determinations.views.frame import PAGES_OF_MENUS
from tests.fixtures import ROOT
from tests.fixtures.people import PASSWORD, People
from tests.help.labels import labels, plain
from tests.infra.test_wording import replaced_words

PAGES = list(all_pages().values())
_CODE = re.compile(r"`([^`]+)`")


def test_pages_name_only_what_exists() -> None:
    """Labels in bold, related pages, roles, pages of the product, and what stands in backquotes."""
    known, names = labels(), url_names()
    wrong = {
        page.slug: [
            *(name for name in bold_words(page) if plain(name) not in known),
            *(name for name in page.related if name not in all_pages() or name == page.slug),
            *(role for role in page.roles if role not in ROLES),
            *(name for name in page.opens if name not in names),
            *(code for code in codes_of(page) if not exists(code)),
        ]
        for page in PAGES
        if rendered(page).html
    }
    assert {slug: faults for slug, faults in wrong.items() if faults} == {}
    assert len(wrong) == len(PAGES)


def codes_of(page: HelpPage) -> Iterator[str]:
    """What a page names in backquotes."""
    for text in (page.text, page.about):
        yield from _CODE.findall(text)


def exists(code: str) -> bool:
    """Whether an address, a file, a command or a setting exists; other code is not looked up."""
    if code.startswith("/") and len(code) > 1:
        resolve(code.partition("?")[0])
        return True
    if code.startswith("manage.py "):
        return code.split()[1] in get_commands()
    if "/" in code and code.startswith(("imrsite", "determinations")):
        return (ROOT / code).exists()
    if re.fullmatch(r"[A-Z]+_[A-Z_]+", code):
        return hasattr(settings, code)
    return True


def url_names() -> set[str]:
    """The names of all pages, with the namespace of Django's administration."""
    return set(_names(get_resolver().url_patterns, ""))


def _names(patterns: Sequence[URLPattern | URLResolver], prefix: str) -> Iterator[str]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            namespace = f"{prefix}{pattern.namespace}:" if pattern.namespace else prefix
            yield from _names(pattern.url_patterns, namespace)
        elif pattern.name:
            yield prefix + pattern.name


def test_every_page_is_in_the_contents_once_and_found_from_another() -> None:
    listed = [page.slug for group in groups() for page in group.pages]
    assert sorted(listed) == sorted(written_pages())
    assert len(set(listed)) == len(listed)
    assert set(listed) == set(chain.from_iterable(page.related for page in PAGES))


def test_every_page_of_the_menus_is_explained() -> None:
    assert [name for name in PAGES_OF_MENUS if page_about(name) is None and not name.startswith("help")] == []


def test_titles_are_different_and_pages_say_something() -> None:
    assert len({page.title for page in PAGES}) == len(PAGES)
    assert [page.slug for page in PAGES if sum(map(len, plain_paragraphs(page))) < 300 or len(page.about) > 100] == []


def test_pages_use_the_words_of_the_product() -> None:
    texts = [text for page in PAGES for text in (page.title, page.about, page.text)]
    texts += [text for release in releases() for change in release.changes for text in (change.title, change.text)]
    assert replaced_words(texts) == []


def test_every_picture_is_shown_and_has_a_description() -> None:
    shown = re.findall(r"!\[([^\]]*)\]\(([\w-]+)\)", "\n".join(page.text for page in PAGES))
    assert {name for _description, name in shown} == PICTURES.keys()
    assert [name for description, name in shown if len(description) < 10] == []
    for picture in PICTURES.values():
        for scheme in ("light", "dark"):
            assert (ROOT / "static" / picture.file(scheme)).exists()


def test_pictures_are_small() -> None:
    files = list((ROOT / "static" / "help").iterdir())
    assert len(files) == 2 * len(PICTURES)
    assert sum(file.stat().st_size for file in files) < 1_500_000


def test_a_page_names_the_roles_that_can_open_what_it_explains(client: Client, people: People, outside: User) -> None:
    """The role with the fewest rights of those named can, and those that are not named cannot."""
    users = dict(zip(ROLES, (outside, people.casemanager, people.supervisor, people.admin), strict=True))
    wrong = []
    for role, user in users.items():
        client.force_login(user)
        for page in PAGES:
            if page.is_for(role) and role != next(filter(page.is_for, ROLES)):
                continue
            for address in _addresses(page):
                answer = client.get(address)
                opened = answer.status_code not in (403, 404) and "login" not in answer.get("Location", "")
                if opened != page.is_for(role):
                    wrong.append(f"{role}: {page.slug}: {address} {'opens' if opened else 'does not open'}")
    assert not wrong, "\n".join(wrong)


#: Pages that do not open without a query or a form, and one that opens to roles who have no use for it.
_NOT_ASKED = {"go", "similar_to_text", "statistics_selection", "request_data_set", "api_reference"}


def _addresses(page: HelpPage) -> Iterator[str]:
    """The addresses of the pages that it explains, where they need no case or letter."""
    for name in page.opens:
        if name in _NOT_ASKED:
            continue
        try:
            yield reverse(name)
        except NoReverseMatch:
            continue


@pytest.fixture
def outside(people: People) -> User:
    """A user of the role with the fewest rights."""
    user = User.objects.create_user("outside", password=PASSWORD)
    user.groups.set([Group.objects.get(name=OUTSIDE_PARTY)])
    return user
