"""What is wrong with a page for people who see, hear or use it otherwise: in both themes, on a desk and on a phone.

A page is loaded once. Themes differ in colors alone, so the dark one is asked about colors alone.
"""

from pathlib import Path
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from django.conf import settings

_AXE = Axe()
DESK = {"width": 1280, "height": 900}
PHONE = {"width": 390, "height": 844}
#: Weighing colors is most of what axe does, and rows of a table look alike: of the elements with text that have, as
#: have all around them, the same tag, classes and computed looks, it weighs the first, the last, and the one with most
#: text, since it says nothing of single characters. Looks that passed on another page, such as those of the menu, are
#: not weighed again; what is laid by position beside an element, or beside one around it, is part of its look.
_MARK_UNKNOWN_LOOKS = """(known) => {
    const passed = new Set(known), numbers = new Map(), looks = new Map();
    const hashed = (words) => {  // cyrb53: 53 bits
        let [high, low] = [0xdeadbeef, 0x41c6ce57];
        for (let at = 0; at < words.length; at++) {
            const code = words.charCodeAt(at);
            high = Math.imul(high ^ code, 2654435761);
            low = Math.imul(low ^ code, 1597334677);
        }
        high = Math.imul(high ^ (high >>> 16), 2246822507) ^ Math.imul(low ^ (low >>> 13), 3266489909);
        low = Math.imul(low ^ (low >>> 16), 2246822507) ^ Math.imul(high ^ (high >>> 13), 3266489909);
        return 4294967296 * (2097151 & low) + (high >>> 0);
    };
    const numbered = (look) => numbers.get(look) ?? (numbers.set(look, hashed(look)), numbers.get(look));
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
        const says = !passed.has(own) && (element.matches("input, select, textarea")
            || [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim()));
        if (says && element.checkVisibility({visibilityProperty: true})) {
            const [first, longest] = looks.get(own) ?? [element, element];
            looks.set(own, [first, length(element) > length(longest) ? element : longest, element]);
        }
        const layers = [...element.children].map((child) => getComputedStyle(child))
            .filter(({position, backgroundColor, backgroundImage}) => (
                position !== "static" && (backgroundColor !== "rgba(0, 0, 0, 0)" || backgroundImage !== "none")
            )).map((style) => [style.backgroundColor, style.backgroundImage]);
        const inner = layers.length ? numbered(JSON.stringify([own, layers])) : own;
        for (const child of element.children) visit(child, inner);
    };
    visit(document.documentElement, "");
    for (const [own, elements] of looks) for (const element of elements) element.setAttribute("data-weighed", own);
    axe.configure({rules: [{id: "color-contrast", selector: "[data-weighed]"}]});
    return looks.size;
}"""
#: What axe finds broken, and the looks that passed on each element that it weighed.
_RUN = """async ([context, options]) => {
    const report = (rules, _options, done) => {
        const looks = (nodes) => nodes.map(({node}) => Number(node.element.dataset.weighed));
        const colors = rules.find(({id}) => id === "color-contrast");
        const open = new Set(colors ? looks([...colors.violations, ...colors.incomplete]) : []);
        done({
            passed: colors ? [...new Set(looks(colors.passes))].filter((look) => !open.has(look)) : [],
            violations: rules.filter(({violations}) => violations.length).map(({id, impact, violations}) => (
                {id, impact, nodes: violations.map(({node}) => ({html: node.source}))}
            )),
        });
    };
    return axe.run(context ?? document, {...options, reporter: report});
}"""
#: Where the processes of a run keep the looks that have passed.
_PASSED = Path(settings.TEST_DIR) / "looks_that_passed"


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
    """What axe finds broken: the rule's ``id``, its ``impact``, and ``nodes`` with their ``html``.

    Its script is loaded once a page, and what is in order does not come back.
    """
    if not page.evaluate("'axe' in window"):
        page.evaluate(_AXE.axe_script)
    known = _PASSED.read_text().split() if _PASSED.exists() else []
    unknown = page.evaluate(_MARK_UNKNOWN_LOOKS, [int(look) for look in known])
    if not unknown and options.get("runOnly") == ["color-contrast"]:
        return []
    found = page.evaluate(_RUN, [context, options])
    with _PASSED.open("a") as passed:
        passed.write("".join(f"{look}\n" for look in found["passed"]))
    return list(found["violations"])
