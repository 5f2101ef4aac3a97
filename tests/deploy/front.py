"""What stands in front of a server on loopback: TLS, as template.yaml takes https addresses only and stays as it is, or a
look at every answer that passes."""

import datetime
import http.client
import http.server
import ipaddress
import ssl
import threading

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

# Meant for one connection, not for what goes through it.
HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length", "expect", "te", "trailer", "upgrade"}


class Authority:
    """A certificate authority for one run: `ca` is its file, `context` what a server on 127.0.0.1 shows."""

    def __init__(self, folder):
        self.ca = folder / "ca.pem"
        key, name = ec.generate_private_key(ec.SECP256R1()), "likeness tests/deploy"
        authority = certificate(name, name, key.public_key(), key, authority=True)
        server = ec.generate_private_key(ec.SECP256R1())
        leaf = certificate("127.0.0.1", name, server.public_key(), key, authority=False)
        self.ca.write_bytes(pem(authority))
        chain = folder / "server.pem"
        plain = serialization.NoEncryption()
        form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain
        chain.write_bytes(server.private_bytes(*form) + pem(leaf))
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(chain)


def certificate(subject, issuer, public_key, signing_key, authority):
    now = datetime.datetime.now(datetime.timezone.utc)
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(minutes=5))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
    )
    if not authority:
        address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
        builder = builder.add_extension(x509.SubjectAlternativeName([address]), critical=False)
    return builder.sign(signing_key, hashes.SHA256())


def pem(certificate):
    return certificate.public_bytes(serialization.Encoding.PEM)


class Front:
    """An address for the server on port `to`, https where there is an `authority`. `watch` is given what was answered.
    `host` is the Host that the server is told, set when an API has got its name; without, it is the one that was asked
    for, as signatures cover it."""

    def __init__(self, to, authority=None, watch=lambda answer: None):
        self.host = None
        front = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            timeout = 120

            def forward(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                target = http.client.HTTPConnection("127.0.0.1", to, timeout=120)
                try:
                    target.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
                    for name, value in self.headers.items():
                        if name.lower() == "host":
                            target.putheader("Host", front.host or value)
                        elif name.lower() not in HOP_BY_HOP:
                            target.putheader(name, value)
                    target.putheader("Content-Length", str(len(body)))
                    target.endheaders(body)
                    answer = target.getresponse()
                    content = answer.read()
                finally:
                    target.close()
                watch(content)
                length = answer.headers["Content-Length"] if self.command == "HEAD" else str(len(content))
                self.send_response_only(answer.status)
                for name, value in answer.getheaders():
                    if name.lower() not in HOP_BY_HOP:
                        self.send_header(name, value)
                if length is not None and answer.status != 204:
                    self.send_header("Content-Length", length)
                self.end_headers()
                self.wfile.write(content)

            do_DELETE = do_GET = do_HEAD = do_OPTIONS = do_PATCH = do_POST = do_PUT = forward

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            request_queue_size = 128

            def handle_error(self, *_):
                """A client that hung up, or a server that is gone: whoever asked has noticed."""

        self.server = Server(("127.0.0.1", 0), Handler)
        if authority:
            # The handshake is the handler's, not the accepting thread's.
            self.server.socket = authority.context.wrap_socket(
                self.server.socket, server_side=True, do_handshake_on_connect=False
            )
        self.url = f"{'https' if authority else 'http'}://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
