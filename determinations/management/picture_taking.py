"""Takes the pictures of help: a browser opens pages of a running installation that holds synthetic letters alone."""

import io
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from PIL import Image

from determinations.help.news import mark_seen
from determinations.help.pictures import WIDTH, Picture
from determinations.models import Case, Duty, ItemFact, LetterText, ReviewEntry, Upload
from determinations.models.duties import DutyState
from determinations.models.letters import LetterState
from determinations.wording.labels import read_labels

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

#: What every synthetic letter says of itself.
_SYNTHETIC = "synthetic"
#: A database of more letters is no demo.
MOST_LETTERS = 5_000
_BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
_SCHEMES = ("light", "dark")
#: Pixels of the picture per pixel of the page; how much of it is kept, and how quickly it is compressed (0 to 10).
_SCALE, _QUALITY, _SPEED = 1.25, 40, 6
_PATIENCE_MS = 30_000
#: Nothing on a picture moves, blinks or is only half there.
_STILL = "*, *::before, *::after {animation: none !important; transition: none !important; caret-color: transparent}"


class NoPictures(Exception):
    """Pictures cannot be taken here; the message says why, and what to do."""


def check_synthetic() -> None:
    """Raises :class:`NoPictures` unless every letter says that it is synthetic."""
    texts = LetterText.objects.all()
    if texts.count() > MOST_LETTERS:
        raise NoPictures(f"The database has more than {MOST_LETTERS:,} letters. Use the letters of the demo.")
    words = (text.lower() for text in texts.values_list("text", flat=True).iterator() if text)
    if not all(_SYNTHETIC in text for text in words):
        raise NoPictures(
            "The database has letters that are not synthetic. Pictures are taken of synthetic ones alone."
        )


def browser_program() -> str:
    """The path of an installed Chromium. Raises :class:`NoPictures`."""
    found = next(filter(None, map(shutil.which, _BROWSERS)), None)
    if found is None:
        raise NoPictures("No Chromium is installed: apt install chromium-headless-shell.")
    return found


def places() -> Mapping[str, str]:
    """What stands for the words in braces in addresses of pictures. Raises :class:`NoPictures` for an empty demo."""
    cases = Case.objects.current().filter(item_count__gte=2, overturned_count__gte=1, problem_count=0)
    shown = cases.exclude(case_number=None).order_by("-decision_date", "pk").first()
    duty = Duty.objects.filter(state=DutyState.OPEN).order_by("pk").first()
    review = ReviewEntry.objects.filter(letter__state=LetterState.NEEDS_REVIEW).order_by("-urgency", "pk").first()
    upload = Upload.objects.order_by("-pk").first()
    if not (shown and duty and review and upload):
        raise NoPictures("The database has too little to show. Start the demo, and wait until its letters are read.")
    return {
        "case": f"{shown.pk}",
        "duty": f"{duty.pk}",
        "review": f"{review.pk}",
        "upload": f"{upload.pk}",
        "treatment": _treatment(),
    }


def _treatment() -> str:
    """The address of the profile of the treatment that most items are about."""
    categories = read_labels().category_by_id
    ids = list(ItemFact.objects.values_list("category_id", flat=True))
    most = max(set(ids) & categories.keys(), key=ids.count)
    return reverse("treatment", args=[categories[most].name, categories[most].subcategory])


def sessions(names: Sequence[str]) -> Mapping[str, str]:
    """The cookie of a new session of each user. Raises :class:`NoPictures` if there is no such user."""
    cookies = {}
    for name in names:
        user = User.objects.filter(username=name).first()
        if user is None:
            raise NoPictures(f"There is no user {name}. Start the demo, which makes its three accounts.")
        mark_seen(user)  # pages show no note on what is new
        client = Client()
        client.force_login(user, "determinations.roles.RoleBackend")
        cookies[name] = client.cookies[settings.SESSION_COOKIE_NAME].value
    return cookies


def take(
    pictures: Sequence[Picture], url: str, places: Mapping[str, str], cookies: Mapping[str, str], folder: Path
) -> Iterator[tuple[str, int]]:
    """Take each picture in both color schemes; yields the names of the files with their sizes in bytes."""
    from playwright.sync_api import Error, sync_playwright

    program = browser_program()
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "yes"  # Playwright has a loop in this thread
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars"]
        browser = playwright.chromium.launch(executable_path=program, args=arguments)
        try:
            for picture in pictures:
                for scheme in _SCHEMES:
                    try:
                        data = _compressed(_shot(browser, picture, scheme, url, places, cookies[picture.user]))
                    except Error as fault:
                        raise NoPictures(f"The picture {picture.name} was not taken: {fault.message}") from None
                    target = folder / picture.file(scheme)
                    target.parent.mkdir(parents=True, exist_ok=True)
                    target.write_bytes(data)
                    yield picture.file(scheme), len(data)
        finally:
            browser.close()


def _shot(
    browser: "Browser", picture: Picture, scheme: str, url: str, places: Mapping[str, str], cookie: str
) -> bytes:
    context = browser.new_context(
        base_url=url,
        viewport={"width": WIDTH, "height": picture.height},
        device_scale_factor=_SCALE,
        color_scheme="dark" if scheme == "dark" else "light",
        reduced_motion="reduce",
    )
    try:
        context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": url}])
        page = context.new_page()
        page.set_default_timeout(_PATIENCE_MS)
        _prepare(page, picture, places)
        return page.screenshot(style=_STILL)
    finally:
        context.close()


def _prepare(page: "Page", picture: Picture, places: Mapping[str, str]) -> None:
    answer = page.goto(picture.address.format(**places))
    if answer is None or not answer.ok:
        raise NoPictures(f"The page of the picture {picture.name} does not open.")
    page.locator(picture.ready).first.wait_for(state="attached")
    for selector in picture.clicks:
        page.locator(selector).first.click()
    page.wait_for_load_state("networkidle")


def _compressed(shot: bytes) -> bytes:
    target = io.BytesIO()
    Image.open(io.BytesIO(shot)).convert("RGB").save(target, "AVIF", quality=_QUALITY, speed=_SPEED)
    return target.getvalue()
