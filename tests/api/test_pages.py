"""What a browser opens: the description of the API, and the headers that guard it."""

import re

import pytest

pytestmark = pytest.mark.database("sqlite")


def test_a_newcomer_is_led_to_the_description(api):
    answer = api.request("GET", "/")

    assert answer.status == 302
    assert answer.headers["location"] == "/api/docs"


def test_the_description_loads_everything_from_this_server(api):
    page = api.request("GET", "/api/docs")

    assert page.status == 200
    assert page.headers["content-type"].startswith("text/html")
    addresses = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert addresses
    for address in addresses:
        assert address.startswith("/")
        assert api.request("GET", address).status == 200, address


def test_the_page_runs_no_script_that_stands_in_it(api):
    page = api.request("GET", "/api/docs").text

    assert not re.search(r"<script(?![^>]*\bsrc=)", page)
    assert not re.search(r"\son\w+=", page)


@pytest.mark.parametrize(
    "name", ["../setup.py", "..%2f__init__.py", "%2e%2e/__init__.py", "nothing.js"]
)
def test_only_files_of_the_page_are_served(api, name):
    assert api.request("GET", f"/api/docs/{name}").status == 404


@pytest.mark.parametrize(
    "path", ["/", "/api/docs", "/health", "/api/rooms", "/nowhere", "/api/openapi.json"]
)
def test_every_answer_guards_its_reader(api, path):
    headers = api.request("GET", path).headers

    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "SAMEORIGIN"
    assert headers["referrer-policy"] == "no-referrer"
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


def test_tls_is_not_insisted_on_in_development(api):
    assert "strict-transport-security" not in api.request("GET", "/").headers


@pytest.mark.settings(app_env="production")
def test_tls_is_insisted_on_in_production(api):
    assert "strict-transport-security" in api.request("GET", "/").headers


@pytest.mark.settings(cors_origin="https://show.example")
def test_only_listed_origins_may_read_answers(api):
    def allowed(origin):
        answer = api.request("GET", "/api/rooms", headers={"Origin": origin})
        return answer.headers.get("access-control-allow-origin")

    assert allowed("https://show.example") == "https://show.example"
    for other in (
        "https://evil.example",
        "https://show.example.evil.example",
        "http://show.example",
        "null",
    ):
        assert allowed(other) is None


@pytest.mark.settings(cors_origin="https://show.example")
def test_a_listed_origin_may_send_commands_with_their_headers(api):
    answer = api.request(
        "OPTIONS",
        "/api/rooms",
        headers={
            "Origin": "https://show.example",
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "authorization, content-type, "
            "idempotency-key, if-match",
        },
    )

    assert answer.status == 200
    assert "POST" in answer.headers["access-control-allow-methods"]
    allowed = answer.headers["access-control-allow-headers"].lower()
    for name in ("authorization", "content-type", "idempotency-key", "if-match"):
        assert name in allowed


@pytest.mark.settings(cors_origin="https://show.example")
def test_a_listed_origin_may_read_the_headers_that_matter(api):
    headers = {"Origin": "https://show.example"}
    answer = api.request("POST", "/api/rooms", {"name": "Hall"}, headers=headers)

    exposed = answer.headers["access-control-expose-headers"].lower()
    for name in (
        "etag",
        "server-time",
        "retry-after",
        "location",
        "idempotency-replayed",
        "ratelimit-limit",
        "ratelimit-remaining",
        "ratelimit-reset",
    ):
        assert name in exposed


def test_an_address_that_is_not_there_is_a_problem_document(api):
    answer = api.request("GET", "/nowhere")

    assert answer.status == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json["status"] == 404
