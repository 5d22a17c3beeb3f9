"""The files for containers fit each other and the product."""

import json
import re
import shutil
import subprocess
from dataclasses import fields
from pathlib import Path

import pytest
import yaml

from app.config import Settings, load
from app.transport.server import MAX_FAREWELLS, RESERVED
from tests.support.environment import ROOT, child_environment

GIVEN = {
    "JWT_SECRET": "a-secret-that-only-this-test-knows",
    "POSTGRES_PASSWORD": "0123456789abcdef",
    "REDIS_PASSWORD": "fedcba9876543210",
    "TLS_CERTIFICATES": "./certificates",
}
COMPOSE_FILES = ("docker-compose.yml", "deploy/docker-compose.tls.yml")
# ${NAME:?why}, which must be given, or ${NAME:-default}.
VARIABLE = re.compile(r"\$\{(?P<name>\w+):(?:\?[^}]+|-(?P<default>[^}]*))\}")


def interpolated(text):
    def value(match):
        given = GIVEN.get(match["name"], match["default"])
        assert given is not None, f"{match[0]} has no value"
        return given

    return VARIABLE.sub(value, text)


def services(name):
    text = (ROOT / name).read_text()
    assert VARIABLE.sub("", text).count("${") == 0, "a variable in a form not known"
    return yaml.safe_load(interpolated(text))["services"]


@pytest.fixture
def server():
    """What compose says of the server."""
    return services("docker-compose.yml")["app"]


@pytest.fixture
def compose(tmp_path):
    """Runs `docker compose`, where there is one: `compose(*arguments, **variables)`."""
    docker = shutil.which("docker") or "docker"

    def run(*arguments, **variables):
        return subprocess.run(
            [docker, "compose", *arguments],
            check=False,
            cwd=ROOT,
            env=child_environment(tmp_path) | variables,
            capture_output=True,
            text=True,
        )

    if not shutil.which("docker") or run("version").returncode:
        pytest.skip("needs docker compose; the other tests here look at the same files")
    return run


def config_of(*files):
    return [*(part for name in files for part in ("-f", name)), "config"]


@pytest.mark.parametrize("files", [COMPOSE_FILES[:1], COMPOSE_FILES])
def test_compose_accepts_its_files(compose, files):
    run = compose(*config_of(*files), "--format", "json", **GIVEN)

    assert run.returncode == 0, run.stderr
    assert set(json.loads(run.stdout)["services"]) == {
        "app",
        "nginx",
        "postgres",
        "redis",
    }


@pytest.mark.parametrize("secret", ["JWT_SECRET", "POSTGRES_PASSWORD"])
def test_compose_does_not_start_without_its_secrets(compose, secret):
    run = compose(*config_of("docker-compose.yml"), **{**GIVEN, secret: ""})

    assert run.returncode != 0
    assert secret in run.stderr


def test_the_server_accepts_the_settings_that_compose_gives_it(server):
    given = {k: str(v) for k, v in server["environment"].items() if v is not None}

    settings = load({"APP_ENV": "production", **given})

    assert settings.redis_url == "redis://:fedcba9876543210@redis:6379/0"
    assert settings.trusted_proxies == 1
    assert not settings.allow_anonymous_rooms


def test_compose_gives_the_server_nothing_but_settings(server):
    settings = {field.name.upper() for field in fields(Settings)}

    assert set(server["environment"]) <= settings


def test_compose_holds_no_secret():
    text = (ROOT / "docker-compose.yml").read_text()

    for line in text.splitlines():
        if re.match(r" +\w*(SECRET|PASSWORD|_URL|_AUTH):", line):
            assert re.search(r"\$\{\w+:\?", line), line


def test_all_services_come_back_and_begin_after_what_they_need():
    for service in services("docker-compose.yml").values():
        assert service["restart"] == "unless-stopped"
        for needed in service.get("depends_on", {}).values():
            assert needed["condition"] == "service_healthy"


@pytest.mark.parametrize("name", COMPOSE_FILES)
def test_what_is_mounted_into_nginx_exists(name):
    for volume in services(name)["nginx"]["volumes"]:
        source, target, mode = volume.split(":")
        assert mode == "ro"
        assert (ROOT / source).is_file() or source == GIVEN["TLS_CERTIFICATES"]
        assert target.startswith("/etc/nginx/")


def test_one_address_cannot_fill_a_worker():
    text = (ROOT / "deploy/nginx.conf").read_text()
    (by_address,) = re.findall(r"limit_conn addresses (\d+);", text)

    assert int(by_address) < load({}).worker_connections


def test_files_are_kept_for_the_connections_besides_those_of_viewers():
    text = (ROOT / "gunicorn.conf.py").read_text()
    (kept,) = re.findall(r"^_OTHER_FILES = (\d+) \+ (\d+) \+ \d+$", text, re.MULTILINE)

    assert kept == (str(RESERVED), str(MAX_FAREWELLS))


def test_nginx_finds_all_files_that_it_includes():
    volumes = services("docker-compose.yml")["nginx"]["volumes"]
    mounted = {volume.split(":")[1] for volume in volumes}

    included = {
        name
        for path in (ROOT / "deploy").glob("*.conf")
        for name in re.findall(r"include (\S+);", path.read_text())
    }

    assert {f"/etc/nginx/{name}" for name in included - {"tls*.conf"}} <= mounted


def test_the_image_gets_what_it_copies_and_the_server_needs():
    copied = {
        source
        for line in dockerfile("COPY")
        if not line.startswith("--from")
        for source in line.split()[:-1]
    }
    allowed = {
        line[1:]
        for line in (ROOT / ".dockerignore").read_text().splitlines()
        if line.startswith("!")
    }

    assert copied == allowed
    assert all((ROOT / source).exists() for source in copied)
    assert {"app", "migrations", "wsgi.py", "gunicorn.conf.py"} <= copied


def test_the_image_installs_only_what_is_pinned_and_runs_as_nobody_special():
    assert any("--require-hashes -r requirements.txt" in line for line in dockerfile())
    assert dockerfile("USER") == ["timer"]
    assert dockerfile("ENTRYPOINT") == ['["deploy/entrypoint.sh"]']
    assert Path(ROOT / "deploy/entrypoint.sh").stat().st_mode & 0o111 == 0o111


def dockerfile(instruction=""):
    text = (ROOT / "Dockerfile").read_text().replace("\\\n", "")
    lines = [line for line in text.splitlines() if line.startswith(instruction)]
    return [line.removeprefix(instruction).strip() for line in lines]
