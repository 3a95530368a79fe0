"""What is wrong with a page for people who see, hear or use it otherwise: in both themes, on a desk and on a phone.

A page is loaded once. Themes differ in colors alone, so the dark one is asked about colors alone.
"""

from typing import Any

from axe_playwright_python.sync_playwright import Axe

_AXE = Axe()
DESK = {"width": 1280, "height": 900}
PHONE = {"width": 390, "height": 844}
_RUN = "([context, options]) => axe.run(context ?? document, options).then((found) => found.violations)"
#: Weighing colors is most of what axe does, and rows of a table look alike: of the elements with text that have, as
#: have all around them, the same tag, classes and computed looks, it weighs the first, the last, and the one with most
#: text, since it says nothing of single characters. It misses a fault of one of them that comes from what is laid
#: over or under it by position.
_WEIGH_EACH_LOOK_THRICE = """() => {
    const numbers = new Map(), looks = new Map();
    const numbered = (look) => numbers.get(look) ?? (numbers.set(look, numbers.size), numbers.size - 1);
    const shown = ["color", "backgroundColor", "backgroundImage", "opacity", "fontSize", "fontWeight", "textShadow",
        "textDecorationLine", "position", "display", "visibility", "filter", "mixBlendMode", "zIndex", "clipPath"];
    const look = (element, around) => {
        const style = getComputedStyle(element);
        const kind = [element.localName, element.getAttribute("class"), element.matches(":disabled"),
            element.getAttribute("aria-disabled"), element.control?.disabled, element.open];
        return numbered(JSON.stringify([around, ...kind, ...shown.map((name) => style[name])]));
    };
    const length = (element) => element.textContent.trim().length;
    const visit = (element, around) => {
        element.removeAttribute("data-weighed");
        const own = look(element, around);
        const says = element.matches("input, select, textarea")
            || [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim());
        if (says && element.checkVisibility({visibilityProperty: true})) {
            const [first, longest] = looks.get(own) ?? [element, element];
            looks.set(own, [first, length(element) > length(longest) ? element : longest, element]);
        }
        for (const child of element.children) visit(child, own);
    };
    visit(document.documentElement, "");
    for (const element of [...looks.values()].flat()) element.setAttribute("data-weighed", "");
    axe.configure({rules: [{id: "color-contrast", selector: "[data-weighed]"}]});
}"""


def faults_of(page: Any, *, impacts: tuple[str, ...] = ()) -> list[tuple[str, list[str]]]:
    """Rules that the page breaks, each with up to three places; ``impacts`` limits to faults so grave."""
    settle(page)
    page.set_viewport_size(DESK)
    page.emulate_media(color_scheme="dark")
    found = violations(page, runOnly=["color-contrast"])
    page.set_viewport_size(PHONE)
    page.emulate_media(color_scheme="light")
    found += violations(page)
    faults = [
        (each["id"], [node["html"][:160] for node in each["nodes"]][:3])
        for each in found
        if not impacts or each["impact"] in impacts
    ]
    if page.evaluate("document.documentElement.scrollWidth > window.innerWidth"):
        faults.append(("wider than a phone", []))
    page.set_viewport_size(DESK)
    return faults


def faults_when_open(page: Any) -> list[tuple[str, str]]:
    """Rules broken within menus, folded parts and the dialog of keys, each opened: in the dark, on a phone.

    The form that changes a selection is opened, too, with its folded parts.
    """
    settle(page)
    menus = page.locator("details.menu").count()
    opener = page.locator("[aria-controls=selection-form]")
    if opener.count():
        opener.click()
        page.locator("#selection-form form").wait_for()
        settle(page)
    page.evaluate("document.querySelectorAll('details:not(.menu)').forEach((part) => (part.open = true))")
    faults: list[tuple[str, str]] = []
    for size, scheme, options in (
        (DESK, "dark", {"runOnly": ["color-contrast"]}),
        (PHONE, "light", {}),
    ):
        page.set_viewport_size(size)
        page.emulate_media(color_scheme=scheme)
        for at in range(menus):
            page.evaluate(
                "at => document.querySelectorAll('details.menu').forEach((menu, n) => (menu.open = n === at))", at
            )
            settle(page)
            faults += _faults_within(page, "details.menu[open]", options)
        page.evaluate("document.querySelectorAll('details.menu').forEach((menu) => (menu.open = false))")
        if page.locator("details[open]").count():
            faults += _faults_within(page, "details[open]", options)
        page.evaluate("document.getElementById('keys-help').showModal()")
        faults += _faults_within(page, "#keys-help", options)
        page.evaluate("document.getElementById('keys-help').close()")
    page.set_viewport_size(DESK)
    return faults


def _faults_within(page: Any, place: str, options: dict[str, Any]) -> list[tuple[str, str]]:
    found = violations(page, context={"include": [[place]]}, **options)
    faults = [(each["id"], each["nodes"][0]["html"][:160]) for each in found]
    if page.evaluate("document.documentElement.scrollWidth > window.innerWidth"):
        faults.append(("wider than the window", place))
    return faults


def settle(page: Any) -> None:
    """Wait until parts that the page asks for by itself are there."""
    page.wait_for_load_state()
    page.wait_for_function("() => !document.querySelector('.htmx-request')")


def violations(page: Any, *, context: dict[str, Any] | None = None, **options: Any) -> list[dict[str, Any]]:
    """What axe finds broken. Its script is loaded once a page, and what is in order does not come back."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(_AXE.axe_script)
    page.evaluate(_WEIGH_EACH_LOOK_THRICE)
    return list(page.evaluate(_RUN, [context, {"resultTypes": ["violations"], **options}]))
