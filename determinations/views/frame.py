"""The frame around every page: navigation by permission, the review count, and whether a worker runs."""

from django.http import HttpRequest
from django.urls import reverse

from determinations.access.scope import current_scope
from determinations.help.pages import HelpPage, page_about
from determinations.models import Office
from determinations.operations.alarms import ShownAlarm, shown_alarms
from determinations.paging.counts import Count
from determinations.reading.readiness import stopped_reasons
from determinations.reading.workers import worker_state
from determinations.retention.archive import any_archived
from determinations.views.frame_counts import REVIEWS, UNREAD, frame_counts
from determinations.views.operations.replica import SAID_FROM, lag_of
from determinations.views.requests import held_by, open_url, url_if_any

#: Label, URL name, permission.
_NAV = (
    ("Cases", "case_list", "determinations.browse_cases"),
    ("Items", "item_list", "determinations.browse_cases"),
    ("Decisions", "decision_list", "determinations.browse_cases"),
    ("Worklist", "worklist", "determinations.work_duties"),
    ("Treatments", "treatments", "determinations.browse_cases"),
    ("Citations", "citations", "determinations.view_statistics"),
    ("Statistics", "statistics", "determinations.view_statistics"),
    ("Uploads", "upload_list", "determinations.upload_letters"),
)
#: The keys of the pages that users go to most.
_KEYS = {"worklist": "w", "upload_list": "u"}
#: Pages that users of statistics find there.
_WITHIN_STATISTICS = ("treatments",)
#: The user's own pages: label, URL name, permission (empty for none), icon.
_OWN = (
    ("Your account", "profile", "", "user"),
    ("Help", "help", "", "info"),
    ("Saved views", "saved_view_list", "determinations.browse_cases", "bookmark"),
    ("Exports", "export_list", "determinations.export_cases", "download"),
    ("Reports", "report_list", "determinations.export_cases", "chart"),
    ("Reported problems", "problem_report_list", "determinations.browse_cases", "flag"),
    ("Import office fields", "office_imports", "determinations.import_office_values", "upload"),
    ("Accounts", "people", "determinations.manage_people", "user"),
    ("Legal holds", "legal_holds", "determinations.hold_cases", "lock"),
    ("Erased letters", "erased_letters", "determinations.erase_letters", "trash"),
    ("Encryption", "encryption", "determinations.see_encryption", "lock"),
    ("Status", "status", "determinations.see_operations", "info"),
    ("Audit trail", "audit", "determinations.view_audit_trail", "list"),
    ("Offices", "office_list", "determinations.manage_offices", "inbox"),
    ("Sources of letters", "arrival_sources", "determinations.manage_arrivals", "inbox"),
    ("Administration", "admin:index", "is_staff", "user"),
)
#: Every page that the frame leads to, with its label.
PAGES_OF_MENUS = {name: label for label, name, *_rest in (*_NAV, *_OWN)}
#: Alarms that the bar about workers tells.
_TOLD_OF_WORKERS = ("worker", "sweep", "reading")
#: Lists that leave out archived cases when they are opened from the navigation.
_DAILY_LISTS = ("case_list", "item_list", "decision_list")


def frame(request: HttpRequest) -> dict[str, object]:
    """Context processor: ``frame`` for ``base.html``; almost empty without a signed-in user."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {"frame": {}}
    held = held_by(user)
    uploads = "determinations.upload_letters" in held
    scope = current_scope()
    repeated = _WITHIN_STATISTICS if "determinations.view_statistics" in held else ()
    left_out = _left_out()
    counts = frame_counts(request, held)
    return {
        "frame": {
            "worker": worker_state().value if uploads else "",
            "behind": _behind(request),
            "stopped": stopped_reasons() if uploads else [],
            "alarms": _alarms() if "determinations.see_operations" in held and scope.is_everything else [],
            "has_uploads": uploads and url_if_any("upload_list"),
            "nav": [
                {
                    "label": label,
                    "url": url + (left_out if name in _DAILY_LISTS else ""),
                    "current": request.path.startswith(url),
                    "key": _KEYS.get(name, ""),
                }
                for label, name, permission in _NAV
                if permission in held and name not in repeated and (url := open_url(name, scope))
            ],
            "urls": {name: url_if_any(name) for _, name, permission in _NAV if permission in held},
            "own": [
                {"label": label, "url": url, "icon": icon}
                for label, name, permission, icon in _OWN
                if permission in held and (url := open_url(name, scope))
            ],
            **(_bell(counts[UNREAD]) if UNREAD in counts else {}),
            **(_review(counts[REVIEWS]) if REVIEWS in counts else {}),
            "help": _help(request),
            "search_url": open_url("search", scope),
            "offices": list(Office.objects.values_list("name", flat=True)) if scope.offices is not None else [],
            "masked": scope.masked,
            "sees_everything": scope.is_everything,
            "search_words": request.GET.get("q", "") if request.path == url_if_any("search") else "",
        }
    }


def _behind(request: HttpRequest) -> float | None:
    """How many seconds the page may be behind, if that is worth saying."""
    lag = lag_of(request)
    return lag if lag is not None and lag >= SAID_FROM else None


def _bell(count: Count) -> dict[str, object]:
    return {"bell_url": reverse("notifications"), "unread": count.number, "unread_label": str(count)}


def _help(request: HttpRequest) -> HelpPage | None:
    """The page of help about this page, if there is one."""
    match = request.resolver_match
    return page_about(match.view_name) if match else None


def _left_out() -> str:
    """The filter of daily lists: archived cases are left out, once there are any."""
    return "?archived=no" if any_archived() else ""


def _review(count: Count) -> dict[str, object]:
    return {"review_url": reverse("review"), "review_count": count.number, "review_count_label": str(count)}


def _alarms() -> list[ShownAlarm]:
    """The alarms that the bar about workers does not tell already."""
    return [alarm for alarm in shown_alarms() if alarm.code not in _TOLD_OF_WORKERS]
