"""An identity provider's tokens are verified with its public key, and only with it."""

import base64
import hashlib
import hmac
import json

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.api.people import SECRET, claims_of, signed
from tests.support.api import Api
from tests.support.senders import in_process

KEYS = {
    "RS256": rsa.generate_private_key(public_exponent=65537, key_size=2048),
    "ES256": ec.generate_private_key(ec.SECP256R1()),
}
OTHER_KEYS = {
    "RS256": rsa.generate_private_key(public_exponent=65537, key_size=2048),
    "ES256": ec.generate_private_key(ec.SECP256R1()),
}

ISSUER_AND_AUDIENCE = {"jwt_issuer": "https://id.example", "jwt_audience": "timers"}
EXPECTED = {"iss": "https://id.example", "aud": "timers"}
PROVIDER_ALONE = {
    "jwt_secret": None,
    "app_env": "production",
    "allow_anonymous_rooms": True,
    **ISSUER_AND_AUDIENCE,
}

pytestmark = pytest.mark.database("sqlite")


def public(key):
    spki = PublicFormat.SubjectPublicKeyInfo
    return key.public_key().public_bytes(Encoding.PEM, spki).decode()


@pytest.fixture(params=["RS256", "ES256"])
def algorithm(request):
    return request.param


@pytest.fixture
def provided(settings_factory, app_factory, algorithm):
    """Makes a server that knows the provider's key; the settings may differ."""

    def provided(**settings):
        given = {"jwt_public_key": public(KEYS[algorithm]), **settings}
        return Api(in_process(app_factory(settings_factory(**given)).test_client()))

    return provided


def of_provider(algorithm, keys=KEYS, **claims):
    return signed(claims, keys[algorithm], algorithm)


def listing(api, token):
    return api.request("GET", "/api/rooms", token=token).status


def test_a_provider_s_token_makes_an_owner(provided, algorithm):
    api = provided()
    room = api.create_room(token=of_provider(algorithm))

    assert listing(api, of_provider(algorithm)) == 200
    assert api.update_room(room, name="Hall")["name"] == "Hall"


def test_a_provider_may_name_operators(provided, algorithm):
    api = provided()
    room = api.create_room()
    operator = of_provider(algorithm, timer_role="operator", timer_room=room.id)

    assert api.create_timer(room, token=operator)["roomId"] == room.id
    assert listing(api, operator) == 403


def test_our_own_tokens_go_on_working_beside_it(provided, algorithm):
    api = provided()

    assert listing(api, signed()) == 200
    assert listing(api, api.create_room().admin_token) == 200


def test_a_token_of_another_key_is_refused(provided, algorithm):
    assert listing(provided(), of_provider(algorithm, OTHER_KEYS)) == 401


def test_a_provider_s_token_is_refused_where_no_key_is_set(provided, algorithm):
    assert listing(provided(jwt_public_key=None), of_provider(algorithm)) == 401


def test_the_other_kind_of_key_is_refused_and_does_no_harm(provided, algorithm):
    other = {"RS256": "ES256", "ES256": "RS256"}[algorithm]

    assert listing(provided(), of_provider(other)) == 401


@pytest.mark.parametrize("secret", [SECRET, None])
def test_the_public_key_is_no_hmac_secret(provided, algorithm, secret):
    api = provided(jwt_secret=secret)
    pem = public(KEYS[algorithm])
    claims = claims_of(signed())

    for key in (pem, pem.strip(), pem.replace("\n", "\\n")):
        assert listing(api, _hmac_token(claims, key.encode())) == 401


def test_our_secret_signs_nothing_in_the_provider_s_name(provided, algorithm):
    token = _hmac_token(claims_of(signed()), SECRET.encode(), algorithm)

    assert listing(provided(), token) == 401


def test_with_the_provider_s_key_alone_our_tokens_are_refused(provided, algorithm):
    api = provided(**PROVIDER_ALONE)

    assert listing(api, of_provider(algorithm, **EXPECTED)) == 200
    assert listing(api, signed(EXPECTED)) == 401


def test_a_server_without_a_secret_says_that_it_cannot_sign(provided, algorithm):
    api = provided(**PROVIDER_ALONE)
    owner = of_provider(algorithm, **EXPECTED)
    room = api.create_room(token=owner)
    refresh = of_provider(algorithm, **EXPECTED, type="refresh")

    for path, body, token in (
        ("/api/rooms", {"name": "Hall"}, None),
        (f"/api/rooms/{room.id}/tokens", None, owner),
        ("/api/auth/refresh", None, refresh),
    ):
        answer = api.request("POST", path, body, token)
        assert (answer.status, answer.json["code"]) == (409, "cannot-sign")


def test_the_issuer_and_the_audience_must_be_the_expected_ones(provided, algorithm):
    api = provided(**ISSUER_AND_AUDIENCE)

    assert listing(api, of_provider(algorithm, **EXPECTED)) == 200
    assert listing(api, of_provider(algorithm, **EXPECTED, sub="eve")) == 200
    for wrong in (
        {"iss": "https://evil.example"},
        {"iss": ...},
        {"iss": 5},
        {"aud": "others"},
        {"aud": ...},
        {"aud": ["others"]},
        {"aud": 5},
    ):
        assert listing(api, of_provider(algorithm, **{**EXPECTED, **wrong})) == 401
    assert listing(api, api.create_room().admin_token) == 200


@pytest.mark.parametrize(
    "header",
    [
        {"jku": "https://evil.example/keys"},
        {"jwk": {"kty": "oct", "k": "c2VjcmV0"}},
        {"x5u": "https://evil.example/cert"},
        {"kid": "../../dev/null"},
    ],
    ids=lambda header: next(iter(header)),
)
def test_a_key_that_a_token_brings_along_is_not_used(provided, algorithm, header):
    key = OTHER_KEYS[algorithm]
    token = jwt.encode(claims_of(signed()), key, algorithm, headers=header)

    assert listing(provided(), token) == 401


def _hmac_token(claims, key, algorithm="HS256"):
    """Return an HMAC by hand: PyJWT refuses to sign with what looks like a key."""

    def part(value):
        return base64.urlsafe_b64encode(value).rstrip(b"=")

    header = json.dumps({"alg": algorithm, "typ": "JWT"}).encode()
    signing = part(header) + b"." + part(json.dumps(claims).encode())
    signature = hmac.new(key, signing, hashlib.sha256).digest()
    return (signing + b"." + part(signature)).decode()
