"""What the nginx of `deploy/` does by itself, whatever is behind it."""

import ssl
from contextlib import ExitStack, closing
from http.client import HTTPConnection, HTTPSConnection

import pytest

from tests.support.ports import free_port
from tests.support.senders import HttpSender
from tests.unit.ops.edge import DEPLOY, Edge, Machine, TlsEdge, one_machine


@pytest.fixture
def machines():
    """Two machines that answer any request with their name, and their addresses."""
    with ExitStack() as stack:
        yield [stack.enter_context(Machine(name)) for name in ("a", "b")]


def test_a_session_stays_on_the_machine_that_its_id_names(machines):
    text = (DEPLOY / "several-machines.conf").read_text()
    for number, machine in enumerate(machines, 1):
        text = text.replace(
            f"192.0.2.{number}:3000", f"127.0.0.1:{machine.server_port}"
        )

    with Edge(text) as nginx, closing(HttpSender(nginx.url)) as sender:

        def answer(query):
            return sender("GET", f"/socket.io/?EIO=4{query}", {}, None).text

        for name in ("a", "b"):
            assert {answer(f"&sid={name}-1.x{n}") for n in range(6)} == {name}
        assert {answer("") for _ in range(6)} == {"a", "b"}
        machines[0].__exit__()
        assert answer("&sid=a-1.x") == "b"


def test_with_a_certificate_http_leads_to_https():
    nowhere = one_machine(f"127.0.0.1:{free_port()}")
    with TlsEdge(nowhere) as nginx:
        with closing(HTTPConnection("127.0.0.1", nginx.port)) as plain:
            plain.request("POST", "/api/rooms", headers={"Host": "show.example"})
            led = plain.getresponse()
        context = ssl.create_default_context(cafile=nginx.certificate)
        with closing(
            HTTPSConnection("localhost", nginx.tls_port, context=context)
        ) as safe:
            safe.request("GET", "/health")
            answered = safe.getresponse()

    assert led.status == 308
    assert led.headers["location"] == "https://show.example/api/rooms"
    assert answered.status == 503
    assert answered.headers["strict-transport-security"] == "max-age=31536000"
