"""Events as lines for other systems: JSON in the Elastic Common Schema, syslog with structured data (RFC 5424), CEF.

No line holds letter text or what a user typed: details are left out unless they are listed here as harmless.
"""

import json
import re
import socket
from datetime import UTC

from determinations.models import AuditEvent, AuditLink
from determinations.wording.audit_actions import label_of_action

#: Details that never hold what a user typed: numbers, keys, names of pages and files of ours.
_HARMLESS = frozenset(
    "accepted duty events export factor format hours ids invited item kind known known_name letters "
    "limits list method methods model newest number oldest on page pair part parts path person pk refused "
    "removed report role route rows run service sessions state statistic to_position total until upload "
    "whole".split()
)
#: The same for some actions only.
_HARMLESS_OF = {"role.changed": {"before", "after", "source"}, "policy.changed": {"before", "after"}}
_FAILURES = ("failed", "held", "refused", "delayed", "code_failed", "passkey_failed")
#: Priority of syslog: facility 13 (log audit), severity informational or warning.
_INFORMATIONAL, _WARNING = 13 * 8 + 6, 13 * 8 + 4
_HOST = re.sub(r"[^!-~]", "", socket.gethostname())[:255] or "-"
_STRUCTURED = "audit@32473"


def labels_of(event: AuditEvent, link: AuditLink) -> dict[str, str]:
    """The place in the chain, the letters, and the harmless details, as short texts."""
    labels = {"position": str(link.position), "hash": bytes(link.hash).hex(), "event": str(event.pk)}
    if event.letter_id is not None:
        labels["letter"] = str(event.letter_id)
    if event.letter_ids is not None:
        labels["letters"] = str(len(event.letter_ids))
    harmless = _HARMLESS | _HARMLESS_OF.get(event.action, set())
    for name, value in sorted(event.detail.items()):
        if name in harmless and value is not None:
            text = value if isinstance(value, str) else json.dumps(value, sort_keys=True)
            labels.setdefault(f"detail_{name}" if name in labels else name, text[:200])
    return labels


def is_failure(action: str) -> bool:
    """Whether the action says that something was refused or failed."""
    return action.rpartition(".")[2] in _FAILURES


def as_json(event: AuditEvent, link: AuditLink) -> str:
    """One line of JSON in the Elastic Common Schema."""
    line: dict[str, object] = {
        "@timestamp": event.at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "ecs": {"version": "8.11.0"},
        "event": {
            "kind": "event",
            "action": event.action,
            "dataset": "imrsite.audit",
            "outcome": "failure" if is_failure(event.action) else "success",
            "sequence": link.position,
        },
        "message": _in_words(event),
        "labels": labels_of(event, link),
    }
    if event.by_id is not None:
        line["user"] = {"id": str(event.by_id), "name": event.by_name}
    if event.address:
        line["source"] = {"ip": event.address}
    return json.dumps(line, separators=(",", ":"))


def as_syslog(event: AuditEvent, link: AuditLink) -> str:
    """One message of RFC 5424, with the details as structured data."""
    parameters = {"by": event.by_name, "address": event.address or "", **labels_of(event, link)}
    data = "".join(f' {_name(name)}="{_escaped(value)}"' for name, value in parameters.items() if value)
    return f"{_header(event)} [{_STRUCTURED}{data}] {_in_words(event)}"


def as_cef(event: AuditEvent, link: AuditLink) -> str:
    """One line of the Common Event Format, version 0: a header, then keys of its dictionary and labels of ours."""
    labels = labels_of(event, link)
    keys = {
        "rt": str(int(event.at.timestamp() * 1000)),
        "suser": event.by_name,
        "src": event.address or "",
        "outcome": "failure" if is_failure(event.action) else "success",
        "externalId": labels.pop("event"),
    }
    place = f"cn1={labels.pop('position')} cn1Label=position cs1={labels.pop('hash')} cs1Label=hash"
    keys |= {f"imrsite{name.title().replace('_', '')}": value for name, value in labels.items()}
    extension = " ".join(f"{name}={_cef_value(value)}" for name, value in keys.items() if value)
    severity = 6 if is_failure(event.action) else 3
    words = _in_words(event).replace("\\", "\\\\").replace("|", "\\|")
    return f"CEF:0|imrsite|imrsite|1|{event.action}|{words}|{severity}|{extension} {place}"


def as_cef_message(event: AuditEvent, link: AuditLink) -> str:
    """The same as a message of syslog."""
    return f"{_header(event)} - {as_cef(event, link)}"


def _header(event: AuditEvent) -> str:
    priority = _WARNING if is_failure(event.action) else _INFORMATIONAL
    at = event.at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    return f"<{priority}>1 {at} {_HOST} imrsite - {event.action[:32]}"


def _cef_value(value: str) -> str:
    return re.sub(r"([\\=])", r"\\\1", re.sub(r"[\x00-\x1f\x7f-\x9f]", " ", value))


def _in_words(event: AuditEvent) -> str:
    who = re.sub(r"[\x00-\x1f\x7f-\x9f]", " ", event.by_name) or "system"
    return f"{who} {label_of_action(event.action)}"


def _name(name: str) -> str:
    return re.sub(r'[^!-~]|[="\]]', "_", name)[:32]


def _escaped(value: str) -> str:
    return re.sub(r'([\\"\]])', r"\\\1", re.sub(r"[\x00-\x1f\x7f-\x9f]", " ", value))
