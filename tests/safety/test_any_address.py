"""Every address and form, derived from the URL configuration and the templates, responds to odd values."""

import re
from collections.abc import Iterator
from functools import cache
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.urls.resolvers import RegexPattern
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from determinations.models import Correction, Letter
from determinations.models.dimensions import DIMENSIONS
from determinations.paging.addresses import CURSOR
from tests.corrections.letters import document, item, stored_letter
from tests.fixtures import ROOT
from tests.fixtures.people import PASSWORD, People

#: Requests of each role; a hunt by hand takes thousands.
EXAMPLES = 40
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("broker")]

_PARAMETER = re.compile(r"<(?:(\w+):)?(\w+)>|\(\?P<(\w+)>((?:[^()]|\([^()]*\))*)\)")
#: Pages of Django's own administration that are the same for every table.
_TABLES = ("determinations/letter", "auth/user", "determinations/auditevent")
ODD = (
    "", " ", "\x00", "a\x00b", "\ud83d\ude00", "x" * 300, "x" * 3_000, "²", "-1", "0", "1", "9" * 19, "9" * 40,
    "1e400", "NaN", "null", "[]", "{}", '{"a": [1]}', "../../etc/passwd", "%", "%00", "'\"<b>", "\u202e", "\ufeff",
    "\n", "2016-13-45", "0001-01-01", "9999-12-31", "items/1/request", "items/999999999999999999999/x", "a,b", "ı",
    "\\", "?", "#", ":", "all", "save", "go", "csv", "xlsx", "cases", "title", "1-2", "9999999999-99999999999",
)  # fmt: skip


def patterns(found: list[Any], before: str = "") -> Iterator[str]:
    """The routes below these URL patterns, as they are written."""
    for entry in found:
        route = before + _route(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from patterns(entry.url_patterns, route)
        elif isinstance(entry, URLPattern):
            yield route


def _route(pattern: Any) -> str:
    route = str(pattern)
    if isinstance(pattern, RegexPattern):
        route = route.removeprefix("^").removesuffix("$").removesuffix(r"\Z").replace("\\", "")
    return route


@cache
def routes() -> list[str]:
    """Every address of the product, and those of a few tables of the administration."""
    every = list(patterns(get_resolver().url_patterns))
    tables = [route for route in every if route.startswith("admin/") and re.match(r"admin/[a-z]+/[a-z]+/", route)]
    kept = {route for route in tables if route.removeprefix("admin/").startswith(_TABLES)}
    own = [route for route in every if route not in tables or route.split("/")[1] in _own_folders()]
    return sorted({*own, *kept} - {"admin/(?P<url>.*)", "health/ready"})  # 503 here: no worker runs


def _own_folders() -> set[str]:
    from determinations.admin.urls import urlpatterns

    return {str(pattern.pattern).split("/")[0] for pattern in urlpatterns}


@cache
def names() -> list[str]:
    """Names of inputs in the templates, and of parameters that views read."""
    found = {dimension.name for dimension in DIMENSIONS} | {"username", "password", "next", *CURSOR}
    for path in (ROOT / "templates").rglob("*.html"):
        found |= set(re.findall(r'\bname="([a-z_:]+)"', path.read_text()))
    for path in (ROOT / "determinations").rglob("*.py"):
        found |= set(re.findall(r'(?:GET|POST|query|post)\.(?:get|getlist)\(\s*"(\w+)"', path.read_text()))
    return sorted(found)


def test_addresses_and_names_are_found() -> None:
    assert len(routes()) > 90
    assert "cases/<int:pk>/" in routes()
    assert "admin/review/<int:letter_id>/" in routes()
    assert {"decided_from", "reviewer_authority", "q", "do", "pending", "username", "files", "after"} <= set(names())


values = st.one_of(st.sampled_from(ODD), st.text(max_size=20), st.integers(-5, 2**65).map(str))
queries = st.dictionaries(st.deferred(lambda: st.sampled_from(names())), values, max_size=4)


def _form(values: dict[str, str]) -> str:
    return urlencode({name: value.encode("utf-8", "surrogatepass") for name, value in values.items()})


def filled(route: str, draw: st.DataObject, number: int) -> str:
    """The route with a value for each parameter, which fits its kind or does not."""

    def value(match: re.Match[str]) -> str:
        kind, _name, _regex_name, choices = match.groups()
        fitting = [str(number)] if kind == "int" else (choices or "cases|csv|upheld").strip("()").split("|")
        chosen: str = draw.draw(st.one_of(st.sampled_from(fitting), values))
        return chosen

    return "/" + _PARAMETER.sub(value, route).lstrip("/")


@pytest.fixture
def letter() -> Letter:
    return stored_letter(document(item("Knee brace"), item("Walker", "overturned")), text="Synthetic letter. " * 9)


@pytest.mark.parametrize("role", ["admin", "casemanager", ""])
def test_no_address_and_no_form_fails(client: Client, people: People, letter: Letter, role: str) -> None:
    if role:
        client.force_login(getattr(people, role))
    client.raise_request_exception = True

    @settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck))
    @given(st.sampled_from(routes()), st.data(), queries, queries, st.sampled_from(["get", "get", "post"]))
    def walk(route: str, draw: st.DataObject, query: dict[str, str], form: dict[str, str], method: str) -> None:
        if "logout" in route or "password" in route:
            return
        path = filled(route, draw, letter.pk)
        encoded = client.generic(
            method.upper(), path, _form(form) if method == "post" else "", "application/x-www-form-urlencoded",
            QUERY_STRING=_form(query),
        )  # fmt: skip
        assert encoded.status_code < 500, (method, path, query, form)

    walk()
    assert not Correction.objects.exclude(letter_id=letter.pk).exists()


@pytest.mark.parametrize("length", [151, 256, 30_000])
def test_a_name_that_no_user_can_have_is_refused_and_kept(client: Client, length: int) -> None:
    response = client.post("/accounts/login/", {"username": "x" * length, "password": PASSWORD})
    assert response.status_code == 200
    html = response.content.decode()
    assert f"at most 150 characters (it has {length})" in html
    assert f'value="{"x" * length}"' in html


@pytest.mark.parametrize(
    "path",
    [
        "/citations/authorities/a%00b.csv", "/citations/authorities/%00/", "/admin/auth/user/%00/change/", "/%00",
        "/statistics/treatments/%00/x/", "/static/%00", "/accounts/%00/",
    ],
)  # fmt: skip
def test_an_address_with_a_null_character_is_not_found(as_admin: Client, path: str) -> None:
    assert as_admin.get(path).status_code == 404


def test_a_value_that_the_database_cannot_take_is_a_bad_request(as_admin: Client) -> None:
    response = as_admin.get("/admin/determinations/auditevent/?action=a%00b")
    assert response.status_code == 400
    assert b"We couldn&#x27;t read that request" in response.content or b"We couldn't read" in response.content


def files(count: int, name: str = "letter.txt") -> dict[str, str | bytes]:
    one = f'--x\r\nContent-Disposition: form-data; name="files"; filename="{name}"\r\n\r\nsynthetic\r\n'
    return {"data": one * count + "--x--\r\n", "content_type": "multipart/form-data; boundary=x"}


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (files(2_001), "An upload may have up to 2,000 files at a time."),
        (files(1, "n" * 30_000), "A file name in this upload is too long to be read."),
        ({"data": "--x\r\n", "content_type": "multipart/form-data; boundary="}, "The upload was cut short or damaged"),
        (
            {"data": "a=1&" * 20_001, "content_type": "application/x-www-form-urlencoded"},
            "The form has more fields than can be read at once.",
        ),
    ],
)
def test_a_form_that_cannot_be_read_says_why(as_casemanager: Client, body: dict[str, Any], reason: str) -> None:
    page = as_casemanager.post("/uploads/", **body)
    assert page.status_code == 400
    assert reason in page.content.decode()
    answer = as_casemanager.post("/uploads/", **body, headers={"Accept": "application/json"})
    assert answer.status_code == 400
    assert answer.json()["error"].startswith(reason)
