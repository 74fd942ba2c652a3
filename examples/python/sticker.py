"""What is on a sticker, and the proof that its owner answered (docs/e2e.md, sections 2 and 5)."""

import hashlib
import hmac
import re
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from urllib.parse import urlsplit

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from callqr import Problem


def to_bytes(text):
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def to_text(data):
    return urlsafe_b64encode(data).decode().rstrip("=")


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


class Sticker:
    """What a sticker's link says, or its code alone."""

    def __init__(self, text):
        link, mark, code = text.rpartition("#")
        match = re.fullmatch(r"pqc:1:([\w-]{43}):([\w-]{6})(?::([\w-]{22}))?", code, re.ASCII)
        if not match or to_text(sha256(b"pqc:1:", match[1].encode())[:4]) != match[2]:
            raise Problem("This is not the code of a sticker, or not all of it. Scan or copy it again.")
        self.server = link if mark else None
        self.token, self.key_hash = to_bytes(match[1]), match[3]
        # Where a sticker carries a key, the server is shown only the token's hash.
        self.shown = to_text(sha256(self.token)) if self.key_hash else code

    def check_identity(self, text):
        """The owner's public keys, if they are the ones that the sticker names."""
        identity = to_bytes(text or "")
        if to_text(sha256(b"callqr identity\0", identity)[:16]) != self.key_hash or len(identity) != 131:
            raise Problem("The server shows other keys than the sticker's. Someone may be trying to listen in.")
        return identity


class CallerProof:
    """The caller's half of the proof, for one offer."""

    def __init__(self, sticker, identity, session_id):
        self.session = to_bytes(session_id.removeprefix("session_"))
        self.secret = secrets.token_bytes(32)
        self.nonce = to_text(self.secret)
        self.commitment = to_text(sha256(b"callqr commitment 1\0", self.session, self.secret))
        self.signing_key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), identity[1:66])
        self.confirmation_key = HKDF(hashes.SHA256(), 32, None, b"callqr caller confirmation 1").derive(sticker.token)
        self.transcript = None

    def bind(self, my_sdp, their_sdp, their_nonce):
        """Puts together what both sides vouch for; False where something of it is missing."""
        mine, theirs = fingerprint(my_sdp), fingerprint(their_sdp)
        if not (mine and theirs and their_nonce):
            return False
        self.transcript = b"".join([b"callqr call 1\0", self.session, self.secret, to_bytes(their_nonce), mine, theirs])
        return True

    def is_signed_by_owner(self, signature):
        if not self.transcript:
            return False
        raw = to_bytes(signature)
        numbers = encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
        try:
            self.signing_key.verify(numbers, self.transcript + b"\2", ec.ECDSA(hashes.SHA256()))
            return True
        except InvalidSignature:
            return False

    def confirmation(self):
        return to_text(hmac.digest(self.confirmation_key, self.transcript + b"\1", "sha256"))


def fingerprint(sdp):
    """The one SHA-256 fingerprint of a description; None where it has none, or several."""
    # Whatever a lenient parser could take for a fingerprint counts as one.
    found = {line.lower() for line in sdp.splitlines() if re.match(r"\s*a\s*=\s*fingerprint", line, re.IGNORECASE)}
    match = re.fullmatch(r"a=fingerprint:sha-256 ([0-9a-f]{2}(?::[0-9a-f]{2}){31})", "".join(found))
    return bytes.fromhex(match[1].replace(":", "")) if match else None
