"""The real binary on a free port of loopback, with a certificate of an authority made for the occasion."""

import datetime
import ipaddress
import json
import os
import socket
import ssl
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID

PASSWORD = "correct horse battery staple"

# Limits that one machine's tests would reach are raised here; each check that is about a limit sets it again.
ROOMY = {
    "limits": {"validate": "100000 per 1s", "initiate": "100000 per 1s", "login": "100000 per 1s", "register": "100000 per 1s"},
}


class Appliance:
    """Use as a context manager; `settings` are TOML sections that win over the roomy ones."""

    def __init__(self, binary, settings=None):
        self.binary = Path(binary).resolve()
        self.directory = tempfile.TemporaryDirectory(prefix="callqr-security-")
        self.path = Path(self.directory.name)
        self.port = free_port()
        self.url = f"https://localhost:{self.port}"
        self.authority = self.path / "authority.pem"
        make_certificates(self.path)
        sections = {name: dict(values) for name, values in ROOMY.items()}
        for name, values in (settings or {}).items():
            sections.setdefault(name, {}).update(values)
        sections.setdefault("tls", {}).update(certificate=str(self.path / "chain.pem"), key=str(self.path / "key.pem"))
        lines = [f'data_dir = {json.dumps(str(self.path / "data"))}', f'listen = "127.0.0.1:{self.port}"']
        for name, values in sections.items():
            lines.append(f"[{name}]")
            lines += [f"{key} = {json.dumps(value)}" for key, value in values.items()]
        (self.path / "callqr.toml").write_text("\n".join(lines) + "\n")
        self.log = open(self.path / "log", "wb")
        self.token = None

    def __enter__(self):
        arguments = [str(self.binary), "--config", str(self.path / "callqr.toml"), "--json"]
        self.process = subprocess.Popen(arguments, cwd=self.path, stdout=subprocess.PIPE, stderr=self.log)
        # Bounded: an appliance that does not start is ended, and its log is the explanation.
        os.set_blocking(self.process.stdout.fileno(), False)
        text, deadline = b"", time.monotonic() + 60
        while True:
            text += self.process.stdout.read() or b""
            try:
                welcome = json.loads(text)
                break
            except ValueError:
                if time.monotonic() > deadline or self.process.poll() is not None:
                    self.__exit__()
                    raise RuntimeError("the appliance did not start:\n" + (self.path / "log").read_text()) from None
                time.sleep(0.05)
        self.setup_token = welcome["setupLink"].split("#")[1]
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.log.close()
        if self.process.returncode != 0:
            print((self.path / "log").read_text()[-4000:])
        self.directory.cleanup()

    def alive(self):
        return self.process.poll() is None

    def tls(self):
        return ssl.create_default_context(cafile=self.authority)

    def connect(self, source=None, timeout=20):
        """A TLS connection, from another address of loopback where `source` names one."""
        address = (source, 0) if source else None
        plain = socket.create_connection(("127.0.0.1", self.port), timeout, source_address=address)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return self.tls().wrap_socket(plain, server_hostname="localhost")

    def ask(self, method, path, body=None, token=None, headers=None):
        """Status and JSON (or text) of an answer."""
        request = urllib.request.Request(self.url + path, method=method)
        for name, value in (headers or {}).items():
            request.add_header(name, value)
        if token:
            request.add_header("Authorization", f"Bearer {token}")
        if body is not None:
            request.add_header("Content-Type", "application/json")
            request.data = json.dumps(body).encode()
        try:
            with urllib.request.urlopen(request, context=self.tls(), timeout=30) as answer:
                status, text = answer.status, answer.read()
        except urllib.error.HTTPError as answer:
            status, text = answer.code, answer.read()
        try:
            return status, json.loads(text)
        except ValueError:
            return status, text.decode(errors="replace")

    def register(self):
        """Makes the first account; gives its bearer token."""
        if self.token is None:
            body = {"username": "ada", "password": PASSWORD, "setupToken": self.setup_token}
            status, answer = self.ask("POST", "/api/v1/auth/register", body)
            assert status == 201, (status, answer)
            self.token = answer["token"]
        return self.token

    def memory(self, field):
        """A field of /proc/PID/status in bytes: VmRSS now, VmHWM the most that it ever was."""
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith(field + ":"):
                return int(line.split()[1]) * 1024
        raise KeyError(field)


def free_port():
    """A number that is free for TCP and for UDP."""
    for _ in range(50):
        with socket.socket() as tcp, socket.socket(type=socket.SOCK_DGRAM) as udp:
            tcp.bind(("127.0.0.1", 0))
            try:
                udp.bind(tcp.getsockname())
            except OSError:
                continue
            return tcp.getsockname()[1]
    raise RuntimeError("no port is free for TCP and UDP")


def make_certificates(path):
    """An authority, and a certificate as a public one would issue it: 90 days, P-256, with its revocation list named."""
    now = datetime.datetime.now(datetime.timezone.utc)
    day = datetime.timedelta(days=1)
    name = lambda text: x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])
    root_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    root_id = x509.SubjectKeyIdentifier.from_public_key(root_key.public_key())
    usage = dict.fromkeys(
        ["digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
         "key_cert_sign", "crl_sign", "encipher_only", "decipher_only"], False)
    root = (
        x509.CertificateBuilder().subject_name(name("An authority of tests")).issuer_name(name("An authority of tests"))
        .public_key(root_key.public_key()).serial_number(x509.random_serial_number())
        .not_valid_before(now - day).not_valid_after(now + 365 * day)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.KeyUsage(**{**usage, "key_cert_sign": True, "crl_sign": True}), critical=True)
        .add_extension(root_id, critical=False)
        .sign(root_key, hashes.SHA256())
    )
    names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    uri = lambda file: x509.UniformResourceIdentifier(f"http://127.0.0.1/{file}")
    leaf = (
        x509.CertificateBuilder().subject_name(name("localhost")).issuer_name(root.subject)
        .public_key(key.public_key()).serial_number(x509.random_serial_number())
        .not_valid_before(now - day / 24).not_valid_after(now + 89 * day)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.KeyUsage(**{**usage, "digital_signature": True}), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(root_id), critical=False)
        .add_extension(x509.CRLDistributionPoints([x509.DistributionPoint([uri("crl")], None, None, None)]), critical=False)
        .add_extension(x509.AuthorityInformationAccess(
            [x509.AccessDescription(AuthorityInformationAccessOID.CA_ISSUERS, uri("authority"))]), critical=False)
        .sign(root_key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    (path / "authority.pem").write_bytes(root.public_bytes(pem))
    (path / "chain.pem").write_bytes(leaf.public_bytes(pem))
    (path / "key.pem").write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
