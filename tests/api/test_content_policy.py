"""What the pages may load and whom they may speak to, as browsers are told."""

import pytest

pytestmark = pytest.mark.database("sqlite")


@pytest.fixture
def connections(api):
    """Fetches a page from a host; returns what its policy lets it connect to."""

    def connections(host, **headers):
        answer = api.request("GET", "/", headers={"Host": host, **headers})
        policy = answer.headers["content-security-policy"]
        directives = [directive.split() for directive in policy.split(";")]
        [sources] = [rest for name, *rest in directives if name == "connect-src"]
        assert {name for name, *_ in directives} == KNOWN
        return sources

    return connections


KNOWN = {
    "default-src",
    "base-uri",
    "connect-src",
    "font-src",
    "form-action",
    "frame-ancestors",
    "img-src",
    "manifest-src",
    "script-src",
    "style-src",
}


@pytest.mark.parametrize("host", ["show.example", "localhost:3000", "192.0.2.9:8080"])
def test_a_page_opens_websockets_to_its_own_host_alone(connections, host):
    assert connections(host) == ["'self'", f"ws://{host}", f"wss://{host}"]


@pytest.mark.settings(trusted_proxies=1)
def test_over_tls_only_to_the_encrypted_ones_of_the_host_that_the_proxy_names(
    connections,
):
    said = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "show.example"}

    assert connections("app:3000", **said) == ["'self'", "wss://show.example"]


@pytest.mark.settings(trusted_proxies=1)
@pytest.mark.parametrize(
    "host",
    [
        "*",
        "evil.example; script-src *",
        "a.example b.example",
        "[2001:db8::1]:3000",
        "a.example:99999999",
        "x" * 300,
        "höhle.example",
    ],
)
def test_a_host_that_a_policy_cannot_name_is_not_repeated(connections, host):
    assert connections("app", **{"X-Forwarded-Host": host}) == ["'self'"]
