"""Webhooks: signed, retried, never lost, and never sent into networks that are not public."""

import ipaddress
import json
import socket
import sys
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest
from django.test import Client
from django.utils import timezone

from determinations.api import outgoing, webhooks
from determinations.api.outgoing import NotSent, may_reach, post
from determinations.corrections.actions import correct_field
from determinations.models import (
    AuditEvent,
    Case,
    CaseWork,
    DeliveryState,
    Letter,
    Webhook,
    WebhookCase,
    WebhookDelivery,
    WorkStatus,
)
from imrsite.local.processes import spawn
from tests.access.conftest import sign_in
from tests.duties.conftest import Store
from tests.fixtures import ROOT
from tests.fixtures.people import PASSWORD, People
from tests.fixtures.worker import child_environment

transactional = pytest.mark.django_db(transaction=True)
ITEMS = {"One synthetic knee brace": "Overturned"}
LOCAL = [ipaddress.ip_network("127.0.0.0/8")]


class Receiver(BaseHTTPRequestHandler):
    """Keeps what arrives, and answers with the next status."""

    received: ClassVar[list[tuple[Any, bytes]]] = []
    statuses: ClassVar[list[int]] = []
    #: While this is clear, nothing is answered.
    answers: ClassVar[threading.Event] = threading.Event()

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.received.append((self.headers, body))
        if not self.answers.is_set():
            self.answers.wait(timeout=60)
            return
        self.send_response(self.statuses.pop(0) if self.statuses else 204)
        self.send_header("Location", "http://127.0.0.1:1/elsewhere")
        self.end_headers()

    def log_message(self, *details: object) -> None:
        pass


@pytest.fixture
def receiver(settings: Any) -> Iterator[str]:
    """A receiver on this machine, which the setting allows; its address."""
    Receiver.received, Receiver.statuses = [], []
    Receiver.answers.set()
    server = HTTPServer(("127.0.0.1", 0), Receiver)
    thread = threading.Thread(target=server.serve_forever, args=[0.02])
    thread.start()
    settings.WEBHOOK_NETWORKS = LOCAL
    yield f"http://127.0.0.1:{server.server_port}/told?by=imrsite"
    Receiver.answers.set()
    server.shutdown()
    thread.join()
    server.server_close()


def _made(people: People, url: str) -> Webhook:
    return webhooks.make_webhook(people.casemanager, "Mirror", url, by=people.admin, now=timezone.now())


@transactional
def test_changed_cases_are_told_and_signed(people: People, receiver: str, store: Store) -> None:
    earlier = store(1, ITEMS)
    webhook, now = _made(people, receiver), timezone.now()
    pk = store(2, ITEMS)
    assert webhooks.queue_changes(now=now) == 1
    assert webhooks.queue_changes(now=now) == 0
    assert webhooks.send_next(now=now)
    assert not webhooks.send_next(now=now)
    ((headers, body),) = Receiver.received
    told = json.loads(body)
    assert [change["case"] for change in told["changes"]] == [pk] != [earlier]
    assert set(told["changes"][0]) == {"case", "version", "gone", "kinds"}
    expected = webhooks.signature(webhooks.secret_of(webhook), headers["Imrsite-Timestamp"], body)
    assert headers["Imrsite-Signature"] == f"v1={expected}"
    delivery = WebhookDelivery.objects.get()
    assert (delivery.state, delivery.status, str(delivery.pk)) == ("delivered", 204, headers["Imrsite-Delivery"])
    assert webhooks.secret_of(webhook).encode() not in body


@transactional
def test_a_webhook_is_told_of_the_kinds_and_cases_that_it_wants(
    people: People, receiver: str, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted: dict[str, dict[str, Any]] = {
        "all": {}, "work": {"kinds": ["work"]}, "gone": {"kinds": ["gone"]}, "upheld": {"query": "outcome=upheld"},
        "removed or upheld": {"kinds": ["case", "gone"], "query": "outcome=upheld&priority=standard"},
    }  # fmt: skip
    now = timezone.now()
    for name, filters in wanted.items():
        webhooks.make_webhook(people.casemanager, name, receiver, **filters, by=people.admin, now=now)

    def told() -> dict[str, list[int]]:
        webhooks.queue_changes(now=now)
        rows: list[Any] = list(WebhookDelivery.objects.order_by("pk").values_list("webhook__name", "changes"))
        WebhookDelivery.objects.all().delete()
        return {name: [change["case"] for change in changes] for name, changes in rows}

    overturned, upheld = store(1, ITEMS), store(2, {"One synthetic knee brace": "Upheld"})
    both = [overturned, upheld]
    of_duty = {"work": [overturned]}  # it got a duty
    assert told() == {"all": both, "upheld": [upheld], "removed or upheld": [upheld], **of_duty}
    CaseWork.objects.create(letter_id=upheld, status=WorkStatus.DONE, changed_at=timezone.now())
    assert told() == {"all": [upheld], "work": [upheld], "upheld": [upheld]}
    # What begins or ceases to match is told once, also one that matched before the webhook was added.
    late = webhooks.make_webhook(
        people.casemanager, "late", receiver, query="outcome=upheld", by=people.admin, now=now
    )
    assert list(WebhookCase.objects.filter(webhook=late).values_list("letter", flat=True)) == [upheld]
    for path, value, matches in (
        ("items/1/decision", "overturned", [False]), ("age", 61, []), ("items/1/decision", "upheld", [True]),
    ):  # fmt: skip
        correct_field(upheld, path, value, by=people.admin, now=timezone.now(), reason="misread")
        webhooks.queue_changes(now=now)
        deliveries = WebhookDelivery.objects.filter(webhook=late).values_list("changes", flat=True)
        assert [(change["case"], change["matches"]) for changes in deliveries for change in changes] == [
            (upheld, expected) for expected in matches
        ]
        WebhookDelivery.objects.all().delete()
    # After a restore, what matches is found anew; a case that matched and is gone is told whatever kinds are wanted.
    WebhookCase.objects.filter(webhook=late).delete()
    Webhook.objects.filter(pk=late.pk).update(cursor="0" * 20)
    webhooks.queue_changes(now=now)
    assert WebhookDelivery.objects.get(webhook=late).changes == [{"restart": True}]
    assert list(WebhookCase.objects.filter(webhook=late).values_list("letter", flat=True)) == [upheld]
    WebhookDelivery.objects.all().delete()
    webhooks.stop(late, by=people.admin, now=now)
    Letter.objects.filter(pk=overturned).delete()
    assert told() == {name: [overturned] for name in ("all", "gone", "upheld", "removed or upheld")}
    for wrong in ("outcome=elsewhere&decided_from=x", "no_such_filter=1"):
        with pytest.raises(webhooks.WebhookRefused, match="filters are not valid"):
            webhooks.make_webhook(people.casemanager, "wrong", receiver, query=wrong, by=people.admin, now=now)
    # One whose changes cannot be queued stops no other, and is told.
    filterset = webhooks._filterset

    def fail(user: Any, query: str) -> Any:
        if query == "outcome=upheld":
            raise KeyError("synthetic words")
        return filterset(user, query)

    monkeypatch.setattr(webhooks, "_filterset", fail)
    another = store(3, {"One synthetic knee brace": "Upheld"})
    with pytest.raises(webhooks.NotQueued, match=r"cannot be queued: \d+ \(KeyError\)\."):
        told()
    monkeypatch.undo()
    assert told() == {"upheld": [another]} | {name: [another] for name in ("all", "removed or upheld")}


@transactional
def test_failures_are_tried_again_with_growing_delays_and_a_killed_sender_is_replaced(
    people: People, receiver: str, store: Store
) -> None:
    _made(people, receiver)
    store(1, ITEMS)
    now = timezone.now()
    webhooks.queue_changes(now=now)
    Receiver.statuses = [500, 302, *[503] * 20]
    waits = []
    while (delivery := WebhookDelivery.objects.get()).state == DeliveryState.WAITING:
        assert delivery.next_try_at is not None
        waits.append(delivery.next_try_at - now)
        now = delivery.next_try_at
        assert webhooks.send_next(now=now)
    assert waits[1:] == list(webhooks.DELAYS)
    assert delivery.state == DeliveryState.FAILED
    assert len(Receiver.received) == len(webhooks.DELAYS) + 1
    assert len({body for _headers, body in Receiver.received}) == 1
    webhooks.send_again(delivery, by=people.admin, now=now)
    WebhookDelivery.objects.update(attempts=1, tried_at=now, next_try_at=now + webhooks.LEASE)  # and is killed here
    assert not webhooks.send_next(now=now + timedelta(seconds=1))
    Receiver.statuses = []
    assert webhooks.send_next(now=now + webhooks.LEASE)
    assert WebhookDelivery.objects.get().state == DeliveryState.DELIVERED


@transactional
def test_what_was_queued_survives_a_stop_before_the_cursor_moves(
    people: People, receiver: str, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    webhook = _made(people, receiver)
    pk = store(1, ITEMS)

    def killed(*details: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(webhooks, "_add", killed)
        with pytest.raises(KeyboardInterrupt):
            webhooks.queue_changes(now=timezone.now())
    assert Webhook.objects.get().cursor == webhook.cursor
    webhooks.queue_changes(now=timezone.now())
    assert [change["case"] for change in WebhookDelivery.objects.get().changes] == [pk]
    Case.objects.update(age=40)
    webhooks.stop(webhook, by=people.admin, now=timezone.now())
    assert webhooks.queue_changes(now=timezone.now()) == 0
    assert not webhooks.send_next(now=timezone.now())


@transactional
@pytest.mark.usefixtures("broker")
def test_a_process_that_is_killed_while_it_sends_loses_nothing(
    people: People, receiver: str, store: Store, tmp_path: Path
) -> None:
    _made(people, receiver)
    pk = store(1, ITEMS)
    Receiver.answers.clear()
    sends = "import django; django.setup(); from determinations.tasks import send_webhooks; send_webhooks()"
    environment = {**child_environment(), "WEBHOOK_NETWORKS": "127.0.0.0/8"}
    sender = spawn(
        [sys.executable, "-c", sends], log=tmp_path / "sender.log", dies_by="KILL", cwd=ROOT, env=environment
    )
    while not Receiver.received and sender.poll() is None:
        time.sleep(0.01)
    sender.kill()
    sender.wait()
    Receiver.answers.set()
    delivery = WebhookDelivery.objects.get()
    assert (delivery.state, delivery.attempts) == (DeliveryState.WAITING, 1)
    assert delivery.next_try_at is not None
    assert not webhooks.send_next(now=timezone.now())
    assert webhooks.send_next(now=delivery.next_try_at)
    assert webhooks.queue_changes(now=timezone.now()) == 0
    (_headers, first), (_headers, second) = Receiver.received
    assert first == second
    assert [change["case"] for change in json.loads(second)["changes"]] == [pk]
    assert WebhookDelivery.objects.get().state == DeliveryState.DELIVERED


@transactional
def test_an_address_that_fails_does_not_hold_up_others(people: People, receiver: str, store: Store) -> None:
    """Each of its deliveries costs the time that a connection may take; in a turn only one of them is tried."""
    dead = _made(people, "https://127.0.0.1:1/")
    for number in range(3):
        store(number, ITEMS)
        webhooks.queue_changes(now=timezone.now())
    alive = _made(people, receiver)
    store(4, ITEMS)
    webhooks.queue_changes(now=timezone.now())
    webhooks.send_due(now=timezone.now, until=time.monotonic() + 60)
    assert len(Receiver.received) == 1
    assert sorted(dead.deliveries.values_list("attempts", flat=True)) == [0, 0, 0, 1]
    assert alive.deliveries.get().state == DeliveryState.DELIVERED


@transactional
def test_the_end_of_a_slow_try_changes_nothing_that_was_done_meanwhile(
    people: People, receiver: str, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    _made(people, receiver)
    store(1, ITEMS)
    now = timezone.now()
    webhooks.queue_changes(now=now)

    def slow(*details: object) -> int:
        monkeypatch.undo()
        assert webhooks.send_next(now=now + webhooks.LEASE)  # by another process, after the lease
        raise NotSent("The host could not be reached.")

    monkeypatch.setattr(webhooks, "post", slow)
    assert webhooks.send_next(now=now)
    delivery = WebhookDelivery.objects.get()
    assert (delivery.state, delivery.fault, delivery.attempts) == (DeliveryState.DELIVERED, "", 2)


@transactional
def test_an_account_that_may_no_longer_browse_cases_is_told_nothing(
    people: People, receiver: str, store: Store
) -> None:
    _made(people, receiver)
    people.casemanager.groups.clear()
    store(1, ITEMS)
    assert webhooks.queue_changes(now=timezone.now()) == 0


@transactional
def test_what_waits_for_a_stopped_webhook_is_deleted_in_time(people: People, receiver: str, store: Store) -> None:
    stopped, other = _made(people, receiver), _made(people, receiver)
    store(1, ITEMS)
    now = timezone.now()
    webhooks.queue_changes(now=now)
    webhooks.stop(stopped, by=people.admin, now=now)
    webhooks.delete_old(now + webhooks.KEPT)
    assert WebhookDelivery.objects.count() == 2
    webhooks.delete_old(now + webhooks.KEPT + timedelta(seconds=1))
    assert WebhookDelivery.objects.get().webhook == other


@pytest.mark.parametrize(
    ("address", "allowed"),
    [
        ("8.8.8.8", True), ("2001:4860:4860::8888", True), ("127.0.0.1", False), ("10.1.2.3", False),
        ("169.254.169.254", False), ("192.168.0.9", False), ("100.64.0.1", False), ("0.0.0.0", False), ("::1", False),
        ("fe80::1", False), ("fd00::1", False), ("::ffff:10.0.0.1", False), ("2002:0a00:0001::", False),
        ("64:ff9b::a00:1", False), ("224.0.0.1", False), ("::127.0.0.1", False), ("fec0::1", False),
        ("64:ff9b:1::a00:1", False), ("ff0e::1", False), ("2001:db8::1", False), ("::", False),
    ],
)  # fmt: skip
def test_only_public_addresses_are_reached(address: str, allowed: bool, settings: Any) -> None:
    settings.WEBHOOK_NETWORKS = []
    assert may_reach(ipaddress.ip_address(address)) is allowed
    assert not may_reach(ipaddress.ip_address(address), is_plain=True)
    settings.WEBHOOK_NETWORKS = [ipaddress.ip_network("10.0.0.0/8")]
    assert may_reach(ipaddress.ip_address("10.1.2.3"), is_plain=True)


def test_private_hosts_are_refused_when_the_connection_is_made(
    receiver: str, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert post(receiver, b"{}", {}) == 204
    settings.WEBHOOK_NETWORKS = []
    for url in (receiver, "https://localhost:1/", "https://127.1/", "https://[::1]/", "https://[::ffff:127.0.0.1]/"):
        with pytest.raises(NotSent):
            post(url, b"{}", {})
    for url in ("ftp://example.org/", "https://", "https://user:secret@example.org/", "https://example.org:0/", "x"):
        with pytest.raises(NotSent):
            outgoing.check_address(url)
    private = [(2, 1, 6, "", ("8.8.8.8", 443)), (2, 1, 6, "", ("10.0.0.1", 443))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *details, **more: private)
    with pytest.raises(NotSent, match="not a public one"):
        post("https://public.example/", b"{}", {})
    assert len(Receiver.received) == 1


@pytest.mark.django_db
@pytest.mark.usefixtures("broker")
def test_administrators_add_watch_and_stop_webhooks(people: People, settings: Any) -> None:
    settings.WEBHOOK_NETWORKS = LOCAL
    admin = Client()
    sign_in(admin, "admin", PASSWORD)
    form = {
        "do": "make", "name": "Claims system", "url": "https://127.0.0.1:1/x", "user": "casemanager",
        "kinds": ["case", "gone"], "query": "https://imrsite.example.org/cases/?outcome=upheld&sort=number",
    }  # fmt: skip
    page = admin.post("/webhooks/", form).content.decode()
    webhook = Webhook.objects.get()
    assert webhooks.secret_of(webhook) in page
    assert webhooks.secret_of(webhook) not in admin.get("/webhooks/").content.decode()
    assert (webhook.kinds, webhook.query) == (["case", "gone"], "outcome=upheld")
    assert "cases, removals" in admin.get("/webhooks/").content.decode()
    mistakes: list[dict[str, Any]] = [
        {"url": "ftp://x"}, {"kinds": []}, {"kinds": ["other"]}, {"query": "?nothing=1"},
    ]  # fmt: skip
    for wrong in mistakes:
        refused = admin.post("/webhooks/", form | wrong)
        assert refused.status_code == 422
        assert b"Claims system" in refused.content
    delivery = WebhookDelivery.objects.create(
        webhook=webhook, at=timezone.now(), changes=[{"case": 1}], state="failed", attempts=10, fault="No answer."
    )
    log = f"/webhooks/{webhook.pk}/"
    assert "No answer." in admin.get(log).content.decode()
    admin.post(log, {"delivery": delivery.pk})
    delivery.refresh_from_db()
    assert (delivery.state, delivery.attempts) == ("waiting", 0)
    admin.post("/webhooks/", {"do": "stop", "webhook": webhook.pk})
    assert "stopped" in admin.get("/webhooks/").content.decode()
    actions = set(AuditEvent.objects.values_list("action", flat=True))
    assert actions >= {"webhook.created", "webhook.sent_again", "webhook.stopped"}
    casemanager = Client()
    casemanager.force_login(people.casemanager)
    assert casemanager.get("/webhooks/").status_code == 403
