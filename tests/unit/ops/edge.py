"""The nginx of `deploy/`, on ports of its own, in front of servers of a test."""

import shutil
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from app.clock import now
from tests.support.environment import ROOT
from tests.support.ports import free_port
from tests.support.services import Nginx

DEPLOY = ROOT / "deploy"


def one_machine(address):
    text = (DEPLOY / "machines.conf").read_text()
    assert text.count("server app:3000;") == 1
    return text.replace("app:3000", address)


class Edge(Nginx):
    """nginx with HTTP alone; `machines` is the text of its machines.conf."""

    def __init__(self, machines):
        super().__init__(self._configuration)
        self._machines = machines

    @property
    def base_url(self):
        """Where it listens, under the name that servers use for it."""
        return self.url

    def prepare(self):
        """Put the files that are included beside the configuration."""
        super().prepare()
        shutil.copy(DEPLOY / "site.conf", self.folder)
        (self.folder / "machines.conf").write_text(self._machines)

    def _configuration(self, port):
        text = (DEPLOY / "nginx.conf").read_text()
        return text.replace("listen 80;", f"listen 127.0.0.1:{port};")


class TlsEdge(Edge):
    """nginx with HTTPS too, on `tls_port`, with a certificate for `localhost`."""

    def __init__(self, machines):
        super().__init__(machines)
        self.tls_port = free_port()

    @property
    def certificate(self):
        """The file with the certificate, signed by itself."""
        return self.folder / "certificates" / "fullchain.pem"

    def prepare(self):
        """Make the certificate."""
        super().prepare()
        self.certificate.parent.mkdir()
        key = ec.generate_private_key(ec.SECP256R1())
        self.certificate.write_bytes(_self_signed(key))
        self.certificate.with_name("privkey.pem").write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )

    def _configuration(self, port):
        text = (DEPLOY / "tls.conf").read_text()
        text = text.replace("listen 80 ", f"listen 127.0.0.1:{port} ")
        text = text.replace("listen 443 ", f"listen 127.0.0.1:{self.tls_port} ")
        (self.folder / "tls.conf").write_text(text)
        return super()._configuration(port)


class Machine(ThreadingHTTPServer):
    """A server that answers any request with its name."""

    def __init__(self, name):
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(200)
                self.end_headers()
                self.wfile.write(name.encode())

            def log_message(self, *_):
                pass

        super().__init__(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()


def _self_signed(key):
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    today, day = datetime.fromtimestamp(now() / 1000, UTC), timedelta(days=1)
    return (
        x509.CertificateBuilder(name, name, key.public_key(), 1)
        .not_valid_before(today - day)
        .not_valid_after(today + day)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), False)
        .sign(key, hashes.SHA256())
        .public_bytes(serialization.Encoding.PEM)
    )
