"""Settings are read from the environment, typed, and judged all at once."""

import pytest

from app.config import InvalidSettingsError, Settings, load

SECRET = "a secret of more than thirty-two bytes, for tests"


@pytest.fixture
def read(tmp_path):
    """Reads settings from the given variables and nothing else."""

    def read(**variables) -> Settings:
        return load({"INSTANCE_PATH": str(tmp_path / "instance"), **variables})

    return read


@pytest.fixture
def production(read):
    """Reads settings of a production server that lacks nothing."""

    def production(**variables) -> Settings:
        return read(
            **{
                "APP_ENV": "production",
                "DATABASE_URL": "postgresql://db/timers",
                "JWT_SECRET": SECRET,
                **variables,
            }
        )

    return production


def problems_of(read, **variables):
    with pytest.raises(InvalidSettingsError) as refused:
        read(**variables)
    return refused.value.problems


def test_nothing_needs_to_be_set_in_development(read, tmp_path):
    settings = read()

    assert settings.app_env == "development"
    assert (settings.host, settings.port) == ("127.0.0.1", 3000)
    assert settings.database_url == f"sqlite:///{tmp_path / 'instance' / 'timers.db'}"
    assert settings.on_sqlite
    assert settings.redis_url is None
    assert settings.cors_origin == ("http://localhost:5173",)
    assert settings.log_level == "info"
    assert settings.rate_limit_enabled
    assert settings.rate_limit_window_ms == 60_000
    assert settings.rate_limit_max_requests == 100
    assert settings.rate_limit_commands == "100 per 10 seconds"
    assert settings.rate_limit_rooms == "5 per minute"
    assert settings.web_concurrency == 1
    assert settings.trusted_proxies == 0
    assert settings.allow_anonymous_rooms


def test_production_listens_everywhere_and_creates_rooms_for_owners_only(production):
    settings = production()

    assert settings.production
    assert settings.host == "0.0.0.0"
    assert not settings.allow_anonymous_rooms


def test_blank_variables_count_as_not_set(read):
    assert read(PORT=" ", REDIS_URL="", LOG_LEVEL="  ") == read()


WRONG = {
    "APP_ENV": "staging",
    "PORT": "65536",
    "DATABASE_URL": "mysql://db/timers",
    "REDIS_URL": "http://cache",
    "JWT_PUBLIC_KEY": "not a key",
    "ACCESS_TOKEN_TTL_MS": "1",
    "REFRESH_TOKEN_TTL_MS": "forever",
    "OPERATOR_TOKEN_TTL_MS": "-60000",
    "CORS_ORIGIN": "*",
    "LOG_LEVEL": "loud",
    "RATE_LIMIT_ENABLED": "perhaps",
    "RATE_LIMIT_WINDOW_MS": "1.5",
    "RATE_LIMIT_MAX_REQUESTS": "0",
    "RATE_LIMIT_COMMANDS": "many",
    "RATE_LIMIT_ROOMS": "5 per fortnight",
    "WEB_CONCURRENCY": "0",
    "WORKER_CONNECTIONS": "1e3",
    "MACHINE_ID": "Rack 5",
    "GRACEFUL_TIMEOUT_MS": "0",
    "TRUSTED_PROXIES": "yes",
    "ALLOW_ANONYMOUS_ROOMS": "2",
}


@pytest.mark.parametrize(("name", "value"), WRONG.items())
def test_a_wrong_value_is_named_with_its_variable(read, name, value):
    [problem] = problems_of(read, **{name: value})

    assert problem.startswith(f"{name}: ")
    assert value in problem or name == "JWT_PUBLIC_KEY"


def test_all_wrong_values_are_named_at_once(read):
    problems = problems_of(read, **WRONG)

    assert [problem.split(":")[0] for problem in problems] == list(WRONG)


@pytest.mark.parametrize(
    "value", ["", "x", "1e400", "9" * 5000, "0x10", "1_000", "٣", "nan", "3000.0"]
)
def test_only_plain_digits_within_bounds_are_numbers(read, value):
    if not value:
        assert read(PORT=value).port == 3000
    else:
        assert problems_of(read, PORT=value)[0].startswith("PORT: ")


@pytest.mark.parametrize(
    ("value", "meant"),
    [("true", True), ("YES", True), ("1", True), ("off", False), ("0", False)],
)
def test_truth_has_many_spellings(read, value, meant):
    assert read(RATE_LIMIT_ENABLED=value).rate_limit_enabled is meant


@pytest.mark.parametrize("scheme", ["postgresql://", "postgres://"])
def test_plain_postgresql_is_reached_with_psycopg2(read, scheme):
    settings = read(DATABASE_URL=f"{scheme}user:pw@db:5433/timers?sslmode=require")

    assert settings.database_url == (
        "postgresql+psycopg2://user:pw@db:5433/timers?sslmode=require"
    )
    assert not settings.on_sqlite


@pytest.mark.parametrize("url", ["postgresql+psycopg2://db/t", "sqlite:////var/t.db"])
def test_a_database_url_that_says_everything_is_left_alone(read, url):
    assert read(DATABASE_URL=url).database_url == url


def test_origins_are_a_list_without_trailing_slashes(read):
    settings = read(CORS_ORIGIN="https://show.example/, http://localhost:5173,")

    assert settings.cors_origin == ("https://show.example", "http://localhost:5173")


@pytest.mark.parametrize(
    "value", ["*", "show.example", "https://show.example/page", "https://a,*", "null"]
)
def test_what_is_no_origin_is_refused(read, value):
    assert problems_of(read, CORS_ORIGIN=value)[0].startswith("CORS_ORIGIN: ")


def test_production_needs_a_database_and_a_secret(read):
    named = [
        problem.split(":")[0] for problem in problems_of(read, APP_ENV="production")
    ]

    assert named == ["DATABASE_URL", "JWT_SECRET"]


def test_production_may_use_sqlite_where_it_is_named(production, tmp_path):
    assert production(DATABASE_URL=f"sqlite:///{tmp_path}/t.db").on_sqlite


def test_more_than_one_worker_needs_redis_and_postgresql(read):
    problems = problems_of(read, WEB_CONCURRENCY="2")

    assert len(problems) == 2
    assert all(problem.startswith("WEB_CONCURRENCY: ") for problem in problems)
    assert "REDIS_URL" in problems[0]
    assert "DATABASE_URL" in problems[1]


def test_more_than_one_worker_with_redis_and_postgresql_is_accepted(read):
    settings = read(
        WEB_CONCURRENCY="4",
        REDIS_URL="redis://cache:6379/0",
        DATABASE_URL="postgresql://db/timers",
    )

    assert settings.web_concurrency == 4
