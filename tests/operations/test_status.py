"""The status page and the metrics."""

import subprocess
import sys
import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as conf
from django.db.models.functions import Now
from django.test import Client
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from determinations.models import BackupRecord, Letter
from determinations.operations import alarms, hosts
from determinations.operations.checking import workers
from determinations.operations.counters import counting_letters
from determinations.operations.figures import count_figures
from determinations.operations.findings import Finding, Level
from determinations.reading import worker_list
from tests.accessibility import faults_of
from tests.fixtures import ROOT
from tests.fixtures.people import People
from tests.fixtures.worker import child_environment
from tests.operations.test_checks import set_letters_aside

pytestmark = pytest.mark.django_db
WORDS = "synthetic-words"


def test_only_administrators_open_the_status_page(client: Client, people: People) -> None:
    for person, status in ((people.casemanager, 403), (people.supervisor, 403), (people.outsider, 403)):
        client.force_login(person)
        assert client.get("/status/").status_code == status
    client.force_login(people.admin)
    assert 'href="/status/"' in client.get("/cases/").content.decode()


def fill() -> None:
    """An alarm, letters, a worker of another version, backups."""
    now = timezone.now()
    for minutes in (3, 0):
        alarms.look(
            {"worker": Finding(Level.FAILING, "No worker is running.", "Start one.")},
            now=now - timedelta(minutes=minutes),
        )
    set_letters_aside(2)
    Letter.objects.create(
        sha256="f" * 64, size=1, media_type="text/plain", received_at=now - timedelta(minutes=9), state="received"
    )
    count_figures(now)
    worker_list.report_worker("letters@host", ["bulk", "interactive"])
    BackupRecord.objects.create(
        started_at=now,
        finished_at=now,
        succeeded=True,
        name="20261129T010203Z",
        files=1234,
        new_files=7,
        size=5_000_000,
    )


@pytest.mark.usefixtures("broker")
def test_the_status_page_says_what_fails_since_when_and_what_to_do(as_admin: Client) -> None:
    fill()
    answer = as_admin.get("/status/")
    page = answer.content.decode()
    assert answer.status_code == 200
    for words in (
        "No worker is running.", "Start one (celery worker)", "Uploaded letters are stored, but not read.", "since ",
        "letters@host", "bulk, interactive", "1,234", "Set aside", "Queue: interactive", "the first since",
    ):  # fmt: skip
        assert words in page, words
    assert page.index("No worker is running.") < page.index("Letter store"), "the worst come first"


@pytest.mark.usefixtures("broker")
def test_the_status_page_says_what_runs_on_which_host(
    as_admin: Client, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker_list.report_worker("celery@b", ["bulk"])
    for host, name in (("a", hosts.WEB_SERVER), ("a", hosts.SCHEDULER), ("b", hosts.WEB_SERVER)):
        settings.HOST_NAME = host
        hosts.report(name)
    found = hosts.parts(worker_list.running_workers())
    assert [(part.host, part.name, part.silent) for part in found] == [
        ("a", "scheduler", None), ("a", "web server", None), ("b", "web server", None), ("b", "worker celery", None),
    ]  # fmt: skip
    hosts.forget(hosts.WEB_SERVER)  # stopped on b; of a, nothing is heard any more
    monkeypatch.setattr(hosts, "SILENT_AFTER", -1.0)
    assert "Nothing has been heard of: scheduler on a" in workers.hosts().what
    page = as_admin.get("/status/").content.decode()
    assert page.count(">silent<") == 2
    assert "worker celery" in page
    monkeypatch.setattr(hosts, "_LISTED_FOR", -1.0)
    assert hosts.parts([]) == []
    monkeypatch.setattr(hosts, "_LISTED_FOR", 3600.0)
    settings.HOST_NAME, stop = "c", threading.Event()
    stop.set()
    hosts.keep_reporting(hosts.WATCH, stop).join()
    assert [(part.host, part.name) for part in hosts.parts([])] == [("c", "watch")]


@pytest.mark.django_db(transaction=True)
def test_the_status_page_is_accessible_and_fits_a_phone(page: Any, sign_in: Any, people: People) -> None:
    fill()
    sign_in(people.admin)
    for scheme, width in (("light", 1280), ("dark", 390)):
        page.emulate_media(color_scheme=scheme)
        page.set_viewport_size({"width": width, "height": 900})
        page.goto("/status/")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert faults_of(page) == []


def metrics_of(client: Client, **headers: Any) -> dict[str, dict[tuple[tuple[str, str], ...], float]]:
    """Samples by name and labels."""
    answer = client.get("/metrics", **headers)
    assert answer.status_code == 200
    samples: dict[str, dict[tuple[tuple[str, str], ...], float]] = {}
    for family in text_string_to_metric_families(answer.content.decode()):
        for sample in family.samples:
            samples.setdefault(sample.name, {})[tuple(sorted(sample.labels.items()))] = sample.value
    return samples


@pytest.mark.usefixtures("broker")
def test_metrics_are_read_by_token_or_from_allowed_addresses_alone(client: Client, settings: Any) -> None:
    bearer: dict[str, Any] = {"HTTP_AUTHORIZATION": "Bearer only-for-monitoring"}
    assert client.get("/metrics").status_code == 404, "off unless set"
    settings.COUNTS_METRICS, settings.METRICS_TOKEN = True, "only-for-monitoring"
    assert client.get("/metrics").status_code == 404
    assert client.get("/metrics", HTTP_AUTHORIZATION="Bearer wrong").status_code == 404
    assert client.get("/metrics", **bearer).status_code == 200
    from imrsite import env

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("A_SETTING", "10.1.0.0/16, ::1")
        settings.METRICS_ADDRESSES = env.networks("A_SETTING")
        patch.setenv("A_SETTING", "10.1.0.0/99")
        with pytest.raises(Exception, match="A_SETTING is not understood"):
            env.networks("A_SETTING")
    assert client.get("/metrics", **bearer, REMOTE_ADDR="127.0.0.1").status_code == 404
    assert client.get("/metrics", **bearer, REMOTE_ADDR="10.1.2.3").status_code == 200
    settings.METRICS_TOKEN = ""
    assert client.get("/metrics", REMOTE_ADDR="10.1.2.3").status_code == 200
    assert client.get("/metrics", REMOTE_ADDR="@").status_code == 404


@pytest.mark.usefixtures("broker")
def test_metrics_count_requests_letters_and_queues_without_personal_data(
    client: Client, people: People, settings: Any
) -> None:
    settings.COUNTS_METRICS, settings.METRICS_TOKEN = True, "t"
    bearer: dict[str, Any] = {"HTTP_AUTHORIZATION": "Bearer t"}
    before = metrics_of(client, **bearer).get("imrsite_http_requests_total", {})
    fill()
    client.force_login(people.casemanager)
    client.get(f"/cases/?q={WORDS}")
    client.get(f"/no/such/{WORDS}/")
    client.get("/cases/999999/")
    client.generic("BREW", "/cases/")
    with counting_letters(list(Letter.objects.values_list("pk", flat=True))):
        Letter.objects.filter(state="set_aside").update(finished_at=Now())
    samples = metrics_of(client, **bearer)
    requests = samples["imrsite_http_requests_total"]

    def counted(method: str, route: str, status: int) -> float:
        labels = (("method", method), ("route", route), ("status", str(status)))
        return requests.get(labels, 0) - before.get(labels, 0)

    assert counted("GET", "case_list", 200) == 1
    assert counted("GET", "none", 404) == 1
    assert counted("GET", "case_detail", 404) == 1
    assert counted("other", "case_list", 200) + counted("other", "case_list", 405) == 1
    assert samples["imrsite_letters"][(("state", "set_aside"),)] == 2
    assert samples["imrsite_letters"][(("state", "received"),)] == 1
    assert 530 < samples["imrsite_oldest_waiting_seconds"][()] < 600
    assert samples["imrsite_letters_ended_total"][(("state", "set_aside"),)] == 2
    assert samples["imrsite_letter_seconds_count"][()] == 2
    assert samples["imrsite_up"][(("part", "broker"),)] == 1
    assert samples["imrsite_workers"][()] == 1
    assert samples["imrsite_queue_messages"][(("queue", "interactive"),)] == 0
    labels = {name for values in samples.values() for key in values for name, _ in key}
    assert labels == {
        "method",
        "route",
        "status",
        "part",
        "check",
        "queue",
        "state",
        "le",
        "version",
        "parser",
        "migration",
    }
    text = client.get("/metrics", **bearer).content.decode()
    assert WORDS not in text
    assert "casemanager" not in text


@pytest.mark.slow
def test_several_web_processes_report_the_sum_of_their_requests(tmp_path: Path) -> None:
    """Processes of one family, with the folder that gunicorn's configuration sets."""
    program = (
        "import os, django; django.setup();"
        "from determinations.operations import metrics;"
        "count = lambda times: [metrics.count_request('GET', 'case_list', 200, 0.01) for _ in range(times)];"
        "child = os.fork();"
        "child or (count(3), os._exit(0));"
        "assert os.waitpid(child, 0)[1] == 0;"
        "count(4);"
        "metrics._State.collect = lambda self: iter(());"
        "print(metrics.metrics_text().decode())"
    )
    environment = child_environment() | {"PROMETHEUS_MULTIPROC_DIR": str(tmp_path), "METRICS_TOKEN": "t"}
    ran = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    assert len(list(tmp_path.glob("counter_*.db"))) == 2
    assert 'imrsite_http_requests_total{method="GET",route="case_list",status="200"} 7.0' in ran.stdout
    assert 'imrsite_http_request_seconds_count{route="case_list"} 7.0' in ran.stdout
    assert conf.COUNTS_METRICS is False, "the tests themselves count nothing"
