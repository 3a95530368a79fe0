"""What runs the product in production: the page to follow, units, proxy, container and compose files."""

import configparser
import http.cookiejar
import json
import os
import re
import secrets
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.db import connection

from imrsite.local.postgres import program_folder
from imrsite.local.processes import spawn, stop_process
from tests.fixtures import ROOT
from tests.fixtures.worker import child_environment

DEPLOY = ROOT / "imrsite" / "deploy"
BIN = Path(sys.executable).parent
PASSWORD = "only for this test, several words"


#: Runs commands of manage.py, each given as a line of the page, and marks their ends: a start takes most of the time.
_IN_TURN = """
import shlex, sys
from django.core.management import execute_from_command_line
for line in sys.argv[1:]:
    python, *words = shlex.split(line)
    assert (python, words[0]) == ("python", "manage.py"), line
    sys.argv = words
    execute_from_command_line(words)
    print(end="\\0", flush=True)
"""


def commands_of(heading: str) -> list[str]:
    """The commands of a section of the page."""
    page = (DEPLOY / "without-containers.md").read_text()
    section = page.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    commands = re.findall(r"^    (\S.*)$", section, re.MULTILINE)
    assert commands, heading
    return commands


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


class Site:
    """The product as the page starts it, behind the proxy."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.web, self.proxy = folder, free_port(), free_port()
        self.processes: list[subprocess.Popen[bytes]] = []
        self.address = f"https://localhost:{self.proxy}"
        queues = re.sub(r"\?db=\d+$", "", settings.REDIS_URL)
        self.environment = {
            name: value for name, value in child_environment().items() if name not in {"PYTHONWARNINGS", "DATA_DIR"}
        } | {
            "DJANGO_SETTINGS_MODULE": "imrsite.settings", "IMRSITE_NO_BOOTSTRAP": "1",
            "PATH": f"{BIN}:{os.environ['PATH']}",
            "REDIS_URL": f"{queues}?db=12", "SECRET_KEY": secrets.token_urlsafe(50), "HTTPS": "yes",
            "ALLOWED_HOSTS": "localhost", "CSRF_TRUSTED_ORIGINS": self.address, "PROXY_ADDRESSES": "127.0.0.1",
            "BIND": f"127.0.0.1:{self.web}", "DATA_DIR": str(folder / "letters"), "STATIC_DIR": str(folder / "static"),
            "IMRSITE_STATE_DIR": str(folder / "state"), "METRICS_TOKEN": "for-monitoring", "WEB_PROCESSES": "1",
            "IMRSITE_SITE": self.address, "IMRSITE_UPSTREAM": f"127.0.0.1:{self.web}", "HOME": str(folder),
            "XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder),
            "DJANGO_SUPERUSER_USERNAME": "operator", "DJANGO_SUPERUSER_PASSWORD": PASSWORD,
            "DJANGO_SUPERUSER_EMAIL": "operator@example.org",
        }  # fmt: skip
        jar = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        unverified = ssl._create_unverified_context()  # the proxy's own certificate
        self.browser = urllib.request.build_opener(jar, urllib.request.HTTPSHandler(context=unverified))

    def run(self, command: str) -> str:
        """Run a command of the page to its end; returns what it printed."""
        return self._finish(["sh", "-c", command])

    def run_in_turn(self, commands: list[str]) -> list[str]:
        """Run commands of manage.py in one process; returns what each printed."""
        unattended = [f"{line} --no-input" if "createsuperuser" in line else line for line in commands]
        return self._finish([sys.executable, "-c", _IN_TURN, *unattended]).split("\0")[:-1]

    def _finish(self, words: list[str]) -> str:
        ran = subprocess.run(words, cwd=ROOT, env=self.environment, capture_output=True, text=True, check=False)
        assert ran.returncode == 0, f"{words}\n{ran.stdout}{ran.stderr}"
        return ran.stdout + ran.stderr

    def start(self, command: str) -> None:
        """Start a command of the page that runs until it is stopped."""
        command = command.replace("/var/lib/imrsite", str(self.folder))
        log = self.folder / f"{len(list(self.folder.glob('*.log')))}.log"
        line = ["sh", "-c", f"exec {command}"]
        self.processes.append(spawn(line, log=log, dies_by="KILL", cwd=ROOT, env=self.environment))

    def start_proxy(self, command: str) -> None:
        """Start the proxy with the example; options keep it from changing anything outside its folder."""
        own = self.folder / "Caddyfile"
        options = "{\n\tadmin off\n\tskip_install_trust\n\tauto_https disable_redirects\n"
        own.write_text((DEPLOY / "Caddyfile").read_text().replace("{\n", options, 1))
        self.start(command.replace("imrsite/deploy/Caddyfile", str(own)))

    def get(self, path: str, **headers: str) -> tuple[int, str, Any]:
        """Status, text and headers of a page, through the proxy."""
        return self.ask(urllib.request.Request(self.address + path, headers=headers))

    def ask(self, request: urllib.request.Request) -> tuple[int, str, Any]:
        try:
            with self.browser.open(request, timeout=20) as answer:
                return answer.status, answer.read().decode(), answer.headers
        except urllib.error.HTTPError as answer:
            return answer.code, answer.read().decode(), answer.headers

    def stop(self) -> None:
        """Stop everything that was started, at once."""
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            stop_process(process, signal.SIGTERM, within=8)

    def ready(self) -> dict[str, str]:
        """What the health check says, asked for directly."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.web}/health/ready", timeout=10) as answer:
                checks: dict[str, str] = json.load(answer)["checks"]
        except urllib.error.HTTPError as answer:
            checks = json.load(answer)["checks"]
        except OSError:
            return {}
        return checks


@pytest.fixture
def site(transactional_db: None, tmp_path: Path) -> Iterator[Site]:
    site = Site(tmp_path)
    yield site
    site.stop()


@pytest.mark.slow
def test_the_page_followed_gives_a_styled_site_behind_the_proxy(site: Site) -> None:
    printed = site.run_in_turn(commands_of("Prepare"))
    assert "System check identified no issues (0 silenced)." in printed[2], "check --deploy finds nothing"
    for command in commands_of("Start by hand"):
        site.start(command)
    give_up_at = time.monotonic() + 90
    waits_for_the_first_sweep = {"sweep"}  # ten seconds
    while (
        not (checks := site.ready()) or {code for code in checks if checks[code] != "ok"} > waits_for_the_first_sweep
    ):
        logs = "\n".join(path.read_text()[-800:] for path in site.folder.glob("*.log"))
        assert time.monotonic() < give_up_at, f"{checks}\n{logs}"
        time.sleep(0.5)  # each answer takes time from what is starting
    validate, run = commands_of("Proxy")
    assert "Valid configuration" in site.run(validate)
    site.start_proxy(run)
    while True:
        try:
            status, page, headers = site.get("/accounts/login/")
            break
        except urllib.error.URLError:
            assert time.monotonic() < give_up_at
            time.sleep(0.1)
    assert status == 200
    assert headers["Strict-Transport-Security"]
    stylesheet = re.search(r"/static/css/base\.[0-9a-f]{12}\.css", page)
    assert stylesheet, "the page names the collected file"
    status, style, headers = site.get(stylesheet[0])
    assert (status, "--page" in style or "var(" in style) == (200, True)
    assert "immutable" in headers["Cache-Control"]
    _sign_in(site, page)
    status, page, headers = site.get("/status/")
    assert status == 200
    assert "scans@" in page
    assert re.fullmatch(r"[0-9a-f-]{36}", headers["X-Request-ID"]), "the ID is that of the proxy"
    assert site.get("/metrics", Authorization="Bearer for-monitoring")[0] == 404, "closed at the proxy"
    for path, length in (("/accounts/login/", 10**12), ("/accounts/login/", 10**7), ("/uploads/", 10**9)):
        answer = _answer_to_a_head(site, f"POST {path} HTTP/1.1", "Host: localhost", f"Content-Length: {length}")
        assert answer.startswith("HTTP/1.1 413 "), (path, length)
        assert "This is too large to send" in answer


def _answer_to_a_head(site: Site, *head: str) -> str:
    """What comes back through the proxy before any of the body is sent."""
    unverified = ssl._create_unverified_context()
    with (
        socket.create_connection(("127.0.0.1", site.proxy), timeout=20) as plain,
        unverified.wrap_socket(plain, server_hostname="localhost") as connection,
    ):
        connection.sendall("\r\n".join([*head, "", ""]).encode())
        answer = b""
        while b"</html>" not in answer and (more := connection.recv(65_536)):
            answer += more
    return answer.decode()


def _sign_in(site: Site, page: str) -> None:
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
    assert token
    form = {"csrfmiddlewaretoken": token[1], "username": "operator", "password": PASSWORD}
    request = urllib.request.Request(
        f"{site.address}/accounts/login/", urllib.parse.urlencode(form).encode(), {"Referer": f"{site.address}/"}
    )
    status, page, _ = site.ask(request)
    assert status == 200
    assert "operator" in page


def test_the_proxy_limits_bodies_by_route_as_the_web_server_does() -> None:
    """As the proxy itself understands its file."""
    command = [str(BIN / "caddy"), "adapt", "--config", str(DEPLOY / "Caddyfile"), "--adapter", "caddyfile"]
    adapted = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    server = adapted["apps"]["http"]["servers"]["srv0"]
    limits = {}
    for route in server["routes"][0]["handle"][0]["routes"]:
        for handler in route["handle"]:
            if handler["handler"] == "request_body":
                limits[json.dumps(route["match"])] = handler["max_size"]
    assert limits == {
        '[{"path": ["/uploads/"]}]': settings.UPLOAD_BYTES,
        '[{"not": [{"path": ["/uploads/"]}]}]': settings.FORM_BYTES,
    }
    assert server["max_header_bytes"] == 65_536
    assert server["read_header_timeout"] == 15 * 10**9
    assert server["enable_full_duplex"]
    assert "logs" not in server, "no log of addresses"


_UNITS = sorted((DEPLOY / "systemd").glob("imrsite*"))
#: What every service gives up.
_HARDENING = {
    "NoNewPrivileges": "yes", "ProtectSystem": "strict", "ProtectHome": "yes", "PrivateTmp": "yes", "User": "imrsite",
    "PrivateDevices": "yes", "CapabilityBoundingSet": "", "RestrictSUIDSGID": "yes", "UMask": "0077",
}  # fmt: skip


def test_units_start_what_the_page_starts_by_hand_with_few_privileges() -> None:
    started = []
    for unit in (path for path in _UNITS if path.suffix == ".service"):
        parts = configparser.RawConfigParser(strict=False, interpolation=None)
        parts.optionxform = str  # type: ignore[assignment,method-assign]  # as its documentation says
        parts.read(unit)
        service = dict(parts["Service"])
        assert _HARDENING.items() <= service.items(), unit.name
        started.append(service["ExecStart"].replace("/opt/imrsite/.venv/bin/", "").replace("%%", "%"))
    for command in commands_of("Start by hand"):
        assert any(line.startswith(command.partition(" --loglevel")[0]) for line in started), command
    target = (DEPLOY / "systemd" / "imrsite.target").read_text()
    services = {path.name for path in _UNITS if path.suffix == ".service"} - {"imrsite-backup.service"}
    assert all(service in target for service in services)


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
def test_systemd_understands_the_units(tmp_path: Path) -> None:
    for unit in _UNITS:
        text = unit.read_text().replace("/opt/imrsite/.venv/bin", str(BIN)).replace("/opt/imrsite", str(ROOT))
        (tmp_path / unit.name).write_text(text)
    units = [str(tmp_path / unit.name) for unit in _UNITS]
    ran = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *units], capture_output=True, text=True, check=False,
        env=os.environ | {"SYSTEMD_UNIT_PATH": f"{tmp_path}:"},
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    assert "imrsite" not in ran.stderr


def test_container_and_compose_files_pass_their_tools() -> None:
    linted = subprocess.run([BIN / "hadolint", DEPLOY / "Containerfile"], capture_output=True, text=True, check=False)
    assert (linted.returncode, linted.stdout) == (0, "")
    checked = subprocess.run(
        [BIN / "check-jsonschema", "--builtin-schema", "vendor.compose-spec", DEPLOY / "compose.yaml"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert checked.returncode == 0, checked.stdout


def test_production_uses_the_versions_and_the_locale_of_the_tests(db: None) -> None:
    compose = (DEPLOY / "compose.yaml").read_text()
    said = subprocess.run([program_folder() / "postgres", "--version"], capture_output=True, text=True, check=True)
    major = re.search(r"\) (\d+)", said.stdout)
    assert major
    assert set(re.findall(r"image: postgres:(\d+)", compose)) == {major[1]}
    assert "--locale=C --locale-provider=builtin --builtin-locale=C.UTF-8" in compose
    assert f"python:3.{sys.version_info.minor}-" in (DEPLOY / "Containerfile").read_text() or sys.version_info < (
        3,
        11,
    )
    with connection.cursor() as cursor:
        cursor.execute("SELECT datlocprovider, datlocale FROM pg_database WHERE datname = current_database()")
        assert cursor.fetchone() == ("b", "C.UTF-8")


def test_only_the_program_gets_into_the_build_context() -> None:
    lines = (DEPLOY / "Containerfile.dockerignore").read_text().splitlines()
    rules = [line for line in lines if line and not line.startswith("#")]
    assert rules[0] == "*", "everything is left out but what is named"
    allowed = {rule[1:] for rule in rules if rule.startswith("!")}
    assert allowed == {"manage.py", "pyproject.toml", "determinations", "imrsite", "static", "templates"}
    assert {"imrsite/deploy/*.env", "imrsite/deploy/*_password.txt", "**/*.age", "**/*.dump"} <= set(rules)


def test_roles_are_made_again_without_harm_and_their_passwords_are_shown_nowhere(db: None, tmp_path: Path) -> None:
    """On a database of its own, twice; the second time with another password."""
    server = settings.DATABASES["default"]
    name = f"{connection.settings_dict['NAME']}_roles"
    address = f"host={server['HOST']} port={server['PORT'] or 5432} user={server['USER']}"
    environment = os.environ | {
        "PATH": f"{program_folder()}:{os.environ['PATH']}", "PGHOST": server["HOST"], "SECRETS": str(tmp_path),
        "POSTGRES_USER": server["USER"] or "imrsite", "POSTGRES_DB": name,
    }  # fmt: skip
    with psycopg.connect(f"{address} dbname=postgres", autocommit=True) as own:
        roles = set(own.execute("SELECT rolname FROM pg_roles").fetchall())
        if ("imrsite_owner",) in roles:
            pytest.skip("this server has the roles already")
        script = (DEPLOY / "roles.sh").read_text()
        script = script.replace("imrsite_owner", "trial_owner").replace("'imrsite'", "'trial'")
        script = re.sub(r"(ROLE|TO) imrsite\b", r"\1 trial", script)
        (tmp_path / "roles.sh").write_text(script)
        own.execute(f'CREATE DATABASE "{name}"')
        try:
            digests = []
            for password in ("first1", "second2"):
                for secret in ("owner_password", "imrsite_password"):
                    (tmp_path / secret).write_text(password)
                    (tmp_path / secret).chmod(0o400)
                command = ["sh", "-x", str(tmp_path / "roles.sh")]
                ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
                assert ran.returncode == 0, ran.stderr
                digests.append(
                    own.execute(
                        "SELECT rolname, rolsuper, rolcanlogin, rolpassword FROM pg_authid"
                        " WHERE rolname LIKE 'trial%' ORDER BY 1"
                    ).fetchall()
                )
            assert [row[:3] for row in digests[1]] == [("trial", False, True), ("trial_owner", False, True)]
            assert all(row[3].startswith("SCRAM-SHA-256$") for row in digests[1])
            assert digests[0] != digests[1]
        finally:
            own.execute(f'DROP DATABASE "{name}"')
            own.execute("DROP ROLE IF EXISTS trial, trial_owner")
