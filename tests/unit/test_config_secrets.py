"""Secrets are made once, never shown, and good enough or refused."""

import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from app.config import InvalidSettingsError, Settings, load, without_password
from tests.support.environment import ROOT, child_environment

SECRET = "a secret of more than thirty-two bytes, for tests"
PRODUCTION = {"APP_ENV": "production", "DATABASE_URL": "postgresql://db/timers"}
RSA_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture
def read(tmp_path):
    """Reads settings from the given variables and nothing else."""

    def read(**variables) -> Settings:
        return load({"INSTANCE_PATH": str(tmp_path / "instance"), **variables})

    return read


def problems_of(read, **variables):
    with pytest.raises(InvalidSettingsError) as refused:
        read(**variables)
    return refused.value.problems


def pem(key):
    spki = PublicFormat.SubjectPublicKeyInfo
    return key.public_key().public_bytes(Encoding.PEM, spki).decode().strip()


PROVIDER = {
    "JWT_PUBLIC_KEY": pem(RSA_KEY),
    "JWT_ISSUER": "https://id.example",
    "JWT_AUDIENCE": "timers",
}


@pytest.mark.parametrize(
    "key", [RSA_KEY, ec.generate_private_key(ec.SECP256R1())], ids=["RSA", "P-256"]
)
def test_the_line_breaks_of_a_public_key_may_be_written_out(read, key):
    one_line = pem(key).replace("\n", "\\n")

    assert read(JWT_PUBLIC_KEY=one_line).jwt_public_key == pem(key)
    assert read(JWT_PUBLIC_KEY=pem(key)).jwt_public_key == pem(key)


@pytest.mark.parametrize(
    "key",
    [
        pem(ed25519.Ed25519PrivateKey.generate()),
        pem(ec.generate_private_key(ec.SECP384R1())),
        pem(RSA_KEY)[:-60],
        "-----BEGIN PUBLIC KEY-----",
    ],
    ids=["Ed25519", "P-384", "cut off", "a header alone"],
)
def test_a_public_key_that_verifies_no_token_is_refused(read, key):
    [problem] = problems_of(read, JWT_PUBLIC_KEY=key)

    assert problem.startswith("JWT_PUBLIC_KEY: ")


def test_a_private_key_in_the_place_of_the_public_one_is_refused_unseen(read):
    key = RSA_KEY.private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    ).decode()
    [problem] = problems_of(read, JWT_PUBLIC_KEY=key)

    assert problem.startswith("JWT_PUBLIC_KEY: ")
    assert not any(line in problem for line in key.split())


def test_an_identity_provider_s_key_replaces_the_secret(read):
    settings = read(**PRODUCTION, **PROVIDER)

    assert settings.jwt_secret is None


@pytest.mark.parametrize("name", ["JWT_ISSUER", "JWT_AUDIENCE"])
def test_production_asks_whose_tokens_and_for_whom_a_provider_s_key_verifies(
    read, name
):
    [problem] = problems_of(read, **{**PRODUCTION, **PROVIDER, name: ""})

    assert problem.startswith(f"{name}: ")
    assert "JWT_PUBLIC_KEY" in problem
    assert read(**{**PROVIDER, name: ""}).jwt_public_key == PROVIDER["JWT_PUBLIC_KEY"]


@pytest.mark.parametrize(
    "elsewhere", [{}, PRODUCTION], ids=["development", "production"]
)
def test_a_short_secret_is_refused_without_being_shown(read, elsewhere):
    short = "x" * 31
    [problem] = problems_of(read, **elsewhere, JWT_SECRET=short)

    assert problem.startswith("JWT_SECRET: ")
    assert short not in problem


def test_the_length_of_a_secret_is_counted_in_bytes(read):
    assert read(JWT_SECRET="ü" * 16).jwt_secret == "ü" * 16


def test_secrets_and_passwords_are_hidden_in_public(read):
    shown = read(
        JWT_SECRET=SECRET,
        METRICS_TOKEN="for monitors only",
        DATABASE_URL="postgresql://user:hunter2@db:5432/timers",
        REDIS_URL="redis://:hunter3@cache:6379/0",
    ).public()

    text = "\n".join(shown.values())
    for secret in (SECRET, "for monitors only", "hunter2", "hunter3"):
        assert secret not in text
    assert shown["DATABASE_URL"] == (
        "postgresql+psycopg2://user:(hidden)@db:5432/timers"
    )
    assert shown["REDIS_URL"] == "redis://:(hidden)@cache:6379/0"


def test_public_shows_every_setting_as_an_environment_file_has_it(read):
    shown = read(CORS_ORIGIN="https://a.example,https://b.example").public()

    assert set(shown) == {name.upper() for name in Settings.__dataclass_fields__}
    assert shown["CORS_ORIGIN"] == "https://a.example,https://b.example"
    assert shown["RATE_LIMIT_ENABLED"] == "true"
    assert shown["REDIS_URL"] == ""


@pytest.mark.parametrize(
    ("name", "url"),
    [
        ("DATABASE_URL", "mysql://user:hunter2@db/timers"),
        ("REDIS_URL", "amqp://user:hunter2@cache"),
    ],
)
def test_a_refused_url_is_quoted_without_its_password(read, name, url):
    assert "hunter2" not in problems_of(read, **{name: url})[0]


def test_a_url_without_a_password_is_shown_as_it_is():
    assert without_password("redis://cache:6379/0") == "redis://cache:6379/0"


def test_a_secret_in_development_is_made_once_and_kept_for_its_owner_alone(
    read, tmp_path
):
    secret = read().jwt_secret

    kept: Path = tmp_path / "instance" / "jwt-secret"
    assert len(secret) >= 32
    assert read().jwt_secret == secret
    assert kept.read_text() == secret
    assert kept.stat().st_mode & 0o777 == 0o600
    assert list(kept.parent.iterdir()) == [kept]


def test_a_secret_that_is_set_leaves_no_file(read, tmp_path):
    assert read(JWT_SECRET=SECRET).jwt_secret == SECRET
    assert not (tmp_path / "instance").exists()


def test_first_starts_at_the_same_time_agree_on_one_secret(tmp_path):
    program = "from app.config import load; print(load().jwt_secret)"
    starting = [
        subprocess.Popen(
            [sys.executable, "-c", program],
            cwd=ROOT,
            env=child_environment(tmp_path) | {"INSTANCE_PATH": str(tmp_path / "i")},
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    secrets = {process.communicate()[0].strip() for process in starting}

    assert len(secrets) == 1
    assert len(secrets.pop()) >= 32


def test_two_installations_make_different_secrets(tmp_path):
    one = load({"INSTANCE_PATH": str(tmp_path / "one")})
    other = load({"INSTANCE_PATH": str(tmp_path / "other")})

    assert one.jwt_secret != other.jwt_secret
