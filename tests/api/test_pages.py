"""What a browser opens: the pages, the API's description, the headers that guard."""

import re

import pytest

from app.web import routes

pytestmark = pytest.mark.database("sqlite")


PAGES = ("/", "/r/any-token", "/r/any-token/operate")
SCRIPTS = ("home", "viewer", "operate")


@pytest.fixture
def built(tmp_path, monkeypatch):
    """The folder of static files, with a build in it."""
    monkeypatch.setattr(routes, "_STATIC", tmp_path)
    (tmp_path / "build").mkdir()
    (tmp_path / "icon.svg").write_text("<svg/>")
    for name in (*(f"{script}.js" for script in SCRIPTS), "chunk-ABC.js", "page.css"):
        (tmp_path / "build" / name).write_text("/**/")
    return tmp_path


@pytest.fixture
def unbuilt(tmp_path, monkeypatch):
    """The folder of static files before anything has been built."""
    monkeypatch.setattr(routes, "_STATIC", tmp_path)


@pytest.mark.parametrize(("path", "script"), [*zip(PAGES, SCRIPTS, strict=True)])
def test_each_page_loads_its_own_script(api, built, path, script):
    page = api.request("GET", path)

    assert page.status == 200
    assert page.headers["content-type"].startswith("text/html")
    assert page.headers["cache-control"] == "no-cache"
    addresses = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert f"/static/build/{script}.js" in addresses
    for address in addresses:
        assert api.request("GET", address).status == 200, address


@pytest.mark.parametrize("path", PAGES)
def test_a_server_without_the_build_says_so_and_serves_the_api(api, unbuilt, path):
    page = api.request("GET", path)

    assert page.status == 200
    assert "have not been built" in page.text
    assert "<script" not in page.text
    assert api.create_room().share_token


@pytest.mark.parametrize("path", PAGES)
def test_the_token_of_the_address_does_not_stand_in_the_page(api, built, path):
    assert "any-token" not in api.request("GET", path).text


def test_only_what_never_changes_is_kept_by_browsers(api, built):
    def kept(name):
        return api.request("GET", f"/static/build/{name}").headers["cache-control"]

    assert "max-age=31536000" in kept("chunk-ABC.js")
    assert kept("viewer.js") == "no-cache"


def test_the_description_loads_everything_from_this_server(api):
    page = api.request("GET", "/api/docs")

    assert page.status == 200
    assert page.headers["content-type"].startswith("text/html")
    addresses = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert addresses
    for address in addresses:
        assert address.startswith("/")
        assert api.request("GET", address).status == 200, address


@pytest.mark.parametrize("path", [*PAGES, "/api/docs"])
def test_the_page_runs_no_script_that_stands_in_it(api, built, path):
    page = api.request("GET", path).text

    assert not re.search(r"<script(?![^>]*\bsrc=)", page)
    assert not re.search(r"\son\w+=", page)


def test_pages_of_other_origins_may_load_the_modules(api, built):
    headers = {"Origin": "https://other.example"}
    answer = api.request("GET", "/static/build/viewer.js", headers=headers)

    assert answer.headers["access-control-allow-origin"] == "*"


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
