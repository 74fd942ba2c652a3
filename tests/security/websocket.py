"""The signalling's WebSockets, frame by frame.

The cases are those of the Autobahn test suite, under its numbers, as far as they can be driven against an endpoint that
is no echo. `ping` of the signalling protocol stands for the echo: `{"type":"ping","payload":{}}`, filled up with
spaces, is answered by `pong`. What this endpoint takes on purpose is less than an echo does: binary messages and text
that is no message of the protocol are closed with 4400, messages over 64 KiB with 1009 (cases 9.*), compression is
never agreed on (12.*, 13.*).
"""

import base64
import json
import os
import struct
import time

import report
from appliance import PASSWORD, Appliance

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10
WAIT = 10


class Gone(Exception):
    """The connection ended; `code` is the close code, or None without one."""

    def __init__(self, code):
        super().__init__(f"closed with {code}")
        self.code = code


class Socket:
    """A client that can send anything."""

    def __init__(self, appliance, path, origin=None, headers=""):
        self.stream = appliance.connect(timeout=WAIT)
        key = base64.b64encode(os.urandom(16)).decode()
        origin = appliance.url if origin is None else origin
        line = f"Origin: {origin}\r\n" if origin else ""
        self.stream.sendall(
            f"GET {path} HTTP/1.1\r\nHost: localhost:{appliance.port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n{line}{headers}\r\n".encode())
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            byte = self.stream.recv(1)
            if not byte:
                raise Gone(None)
            head += byte
        self.status, self.head = int(head.split()[1]), head.decode().lower()

    def frame(self, opcode, payload=b"", fin=True, rsv=0, masked=True, chop=None):
        mask = os.urandom(4) if masked else b""
        length, bit = len(payload), 0x80 if masked else 0
        head = bytes([(0x80 if fin else 0) | rsv << 4 | opcode])
        if length < 126:
            head += bytes([bit | length])
        elif length < 65536:
            head += bytes([bit | 126]) + struct.pack(">H", length)
        else:
            head += bytes([bit | 127]) + struct.pack(">Q", length)
        body = bytes(byte ^ mask[at % 4] for at, byte in enumerate(payload)) if masked else payload
        data = head + mask + body
        try:
            for start in range(0, len(data), chop or len(data)):
                self.stream.sendall(data[start:start + (chop or len(data))])
        except OSError:
            pass  # What the server says to it is read by the caller.

    def say(self, message, **how):
        self.frame(TEXT, json.dumps(message).encode(), **how)

    def exactly(self, count):
        data = b""
        while len(data) < count:
            try:
                some = self.stream.recv(count - len(data))
            except TimeoutError:
                raise
            except OSError:
                raise Gone(None) from None
            if not some:
                raise Gone(None)
            data += some
        return data

    def hear(self):
        """Opcode and payload of the next frame; a close is an exception."""
        first, length = self.exactly(2)
        if length == 126:
            length = struct.unpack(">H", self.exactly(2))[0]
        elif length == 127:
            length = struct.unpack(">Q", self.exactly(8))[0]
        payload = self.exactly(length)
        if first & 15 == CLOSE:
            raise Gone(struct.unpack(">H", payload[:2])[0] if payload else 1005)
        return first & 15, payload

    def hear_type(self):
        """The type of the next message; pings of the server are passed over."""
        while True:
            opcode, payload = self.hear()
            if opcode == TEXT:
                return json.loads(payload)["type"]
            if opcode == PONG:
                return ("pong frame", payload)

    def end(self):
        """The close code; messages before it are passed over."""
        try:
            while True:
                self.hear()
        except Gone as gone:
            self.stream.close()
            return gone.code


def ping(size=None):
    text = b'{"type":"ping","payload":{}}'
    return text.ljust(size or len(text))


def run(binary):
    report.section("WebSocket (cases of the Autobahn suite, by number)")
    with Appliance(binary) as appliance:
        token = appliance.register()
        # One device of another household stays: whatever the others do must not disturb it.
        invite = appliance.ask("POST", "/api/v1/invites", {"kind": "owner"}, token)[1]["url"]
        other = {"username": "bystander", "password": PASSWORD, "inviteToken": invite.split("#")[1]}
        bystander = present(appliance, appliance.ask("POST", "/api/v1/auth/register", other)[1]["token"])
        for number, name, outcome in cases(lambda: lives(bystander) and present(appliance, token)):
            report.check(f"{number} {name}", outcome is True, "" if outcome is True else outcome)
        report.check("12-13 compression is not agreed on", "sec-websocket-extensions" not in Socket(
            appliance, "/api/v1/presence", headers="Sec-WebSocket-Extensions: permessage-deflate\r\n").head)
        refusals(appliance, token)
        report.check("a bystander is not closed", lives(bystander))
        report.check("the appliance survives", appliance.alive())


def lives(socket):
    """Whether it is answered; calls that ring meanwhile are passed over."""
    socket.frame(TEXT, ping())
    while (heard := socket.hear_type()) != "pong":
        if heard not in ("ring", "ring-stopped"):
            return False
    return True


def present(appliance, token):
    """A device that said hello and was welcomed."""
    status, answer = appliance.ask("POST", "/api/v1/presence/ticket", {}, token)
    assert status == 200, (status, answer)
    socket = Socket(appliance, answer["signalingEndpoint"])
    assert socket.status == 101, socket.head
    socket.say({"type": "hello", "payload": {"ticket": answer["ticket"], "fresh": True}})
    assert socket.hear_type() == "welcome"
    return socket


def cases(fresh):
    """Number, name, and True or what happened instead."""

    def answered(number, name, act, expected):
        socket = fresh()
        try:
            act(socket)
            heard = [socket.hear_type() for _ in expected]
            outcome = heard == expected or heard
        except (Gone, OSError) as fault:
            outcome = repr(fault)
        socket.frame(CLOSE, struct.pack(">H", 1000))
        ended = socket.end()
        return number, name, outcome if outcome is not True else ended == 1000 or f"ended with {ended}"

    def closed(number, name, act, code):
        socket = fresh()
        try:
            act(socket)
            ended = socket.end()
        except OSError as fault:
            ended = repr(fault)
        return number, name, ended == code or f"ended with {ended}, not {code}"

    for number, size in [("1.1.2", 125), ("1.1.3", 126), ("1.1.4", 127), ("1.1.5", 128), ("1.1.6", 65535), ("1.1.7", 65536)]:
        yield answered(number, f"text of {size} bytes", lambda s: s.frame(TEXT, ping(size)), ["pong"])
    yield answered("1.1.8", "text of 65536 bytes in chops of 997", lambda s: s.frame(TEXT, ping(65536), chop=997), ["pong"])
    yield closed("1.1.1", "empty text is no message", lambda s: s.frame(TEXT), 4400)
    for number, size in [("1.2.1", 0), ("1.2.2", 125), ("1.2.5", 128), ("1.2.6", 65535)]:
        yield closed(number, f"binary of {size} bytes is not spoken here", lambda s: s.frame(BINARY, b"\xfe" * size), 4400)

    for number, payload in [("2.1", b""), ("2.2", b"Hello, world!"), ("2.3", bytes([0, 255, 254, 253, 252, 251, 0, 255])), ("2.4", b"\xfe" * 125)]:
        yield answered(number, f"ping of {len(payload)} bytes", lambda s: s.frame(PING, payload), [("pong frame", payload)])
    yield closed("2.5", "ping of 126 bytes", lambda s: s.frame(PING, b"\xfe" * 126), 1002)
    yield answered("2.6", "ping of 125 bytes, octet by octet", lambda s: s.frame(PING, b"\xfe" * 125, chop=1), [("pong frame", b"\xfe" * 125)])
    for number, payload in [("2.7", b""), ("2.8", b"unsolicited pong payload")]:
        yield answered(number, "a pong that nobody asked for", lambda s: (s.frame(PONG, payload), s.frame(TEXT, ping())), ["pong"])
    yield answered("2.9", "pong, then ping", lambda s: (s.frame(PONG, b"x"), s.frame(PING, b"y")), [("pong frame", b"y")])
    ten = [str(n).encode() for n in range(10)]
    yield answered("2.10", "ten pings", lambda s: [s.frame(PING, one) for one in ten], [("pong frame", one) for one in ten])
    yield answered("2.11", "ten pings, octet by octet", lambda s: [s.frame(PING, one, chop=1) for one in ten], [("pong frame", one) for one in ten])

    for number, rsv in [("3.1", 1), ("3.2", 2), ("3.3", 3), ("3.4", 4)]:
        yield closed(number, f"RSV {rsv} in text", lambda s: s.frame(TEXT, ping(), rsv=rsv), 1002)
    yield closed("3.5", "RSV 5 in binary", lambda s: s.frame(BINARY, b"x", rsv=5), 1002)
    yield closed("3.6", "RSV 6 in ping", lambda s: s.frame(PING, b"x", rsv=6), 1002)
    yield closed("3.7", "RSV 7 in close", lambda s: s.frame(CLOSE, struct.pack(">H", 1000), rsv=7), 1002)

    for number, opcode in [("4.1.1", 3), ("4.1.2", 4), ("4.1.3", 5), ("4.1.4", 6), ("4.1.5", 7), ("4.2.1", 11), ("4.2.2", 12), ("4.2.3", 13), ("4.2.4", 14), ("4.2.5", 15)]:
        yield closed(number, f"opcode {opcode}", lambda s: s.frame(opcode, b"x" if number[-1] != "1" else b""), 1002)

    yield closed("5.1", "a ping in two fragments", lambda s: (s.frame(PING, b"a", fin=False), s.frame(0, b"b")), 1002)
    yield closed("5.2", "a pong in two fragments", lambda s: (s.frame(PONG, b"a", fin=False), s.frame(0, b"b")), 1002)
    half, rest = ping()[:10], ping()[10:]
    yield answered("5.3", "text in two fragments", lambda s: (s.frame(TEXT, half, fin=False), s.frame(0, rest)), ["pong"])
    yield answered("5.5", "text in two fragments, octet by octet", lambda s: (s.frame(TEXT, half, fin=False, chop=1), s.frame(0, rest, chop=1)), ["pong"])
    yield answered("5.6", "a ping between fragments", lambda s: (s.frame(TEXT, half, fin=False), s.frame(PING, b"x"), s.frame(0, rest)), [("pong frame", b"x"), "pong"])
    yield answered("5.8", "the same, octet by octet", lambda s: (s.frame(TEXT, half, fin=False, chop=1), s.frame(PING, b"x", chop=1), s.frame(0, rest, chop=1)), [("pong frame", b"x"), "pong"])
    yield closed("5.9", "a last fragment of nothing", lambda s: (s.frame(0, b"x"), s.frame(TEXT, ping())), 1002)
    yield closed("5.12", "a fragment of nothing", lambda s: (s.frame(0, b"x", fin=False), s.frame(TEXT, ping())), 1002)
    yield closed("5.15", "text in two fragments, then a fragment of nothing", lambda s: (s.frame(TEXT, half, fin=False), s.frame(0, rest), s.frame(0, b"x", fin=False), s.frame(TEXT, ping())), 1002)
    yield closed("5.18", "text within text", lambda s: (s.frame(TEXT, half, fin=False), s.frame(TEXT, rest)), 1002)
    three = [ping()[:5], ping()[5:12], ping()[12:]]
    yield answered("5.19", "five parts with pings between", lambda s: (s.frame(TEXT, three[0], fin=False), s.frame(0, three[1], fin=False), s.frame(PING, b"1"), s.frame(0, b"", fin=False), s.frame(PING, b"2"), s.frame(0, three[2])), [("pong frame", b"1"), ("pong frame", b"2"), "pong"])

    valid = "Hello-µ@ßöäüàá-UTF-8!! κόσμε 𝄞 \ufffe \U0010ffff"
    yield closed("6.2.1", "valid UTF-8 that is no message", lambda s: s.frame(TEXT, valid.encode()), 4400)
    yield closed("6.2.2", "the same in two fragments within a code point", lambda s: (s.frame(TEXT, valid.encode()[:7], fin=False), s.frame(0, valid.encode()[7:])), 4400)
    for number, octets in INVALID_UTF8:
        yield closed(number, f"invalid UTF-8 {octets.hex()}", lambda s: s.frame(TEXT, octets), 1007)
    broken = "κόσμε".encode() + b"\xed\xa0\x80" + b"edited"
    yield closed("6.3.2", "invalid UTF-8, octet by octet", lambda s: s.frame(TEXT, broken, chop=1), 1007)
    yield closed("6.4.1", "invalid UTF-8 in the second of three fragments", lambda s: (s.frame(TEXT, "κόσμε".encode(), fin=False), s.frame(0, b"\xf4\x90\x80\x80", fin=False), s.frame(0, b"edited")), 1007)

    def code(number):
        return struct.pack(">H", number)

    yield answered("7.1.1", "a message, then a close", lambda s: s.frame(TEXT, ping()), ["pong"])
    yield closed("7.1.2", "two closes", lambda s: (s.frame(CLOSE, code(1000)), s.frame(CLOSE, code(1000))), 1000)
    yield closed("7.1.3", "a ping behind the close", lambda s: (s.frame(CLOSE, code(1000)), s.frame(PING, b"x")), 1000)
    yield closed("7.1.4", "text behind the close", lambda s: (s.frame(CLOSE, code(1000)), s.frame(TEXT, ping())), 1000)
    yield closed("7.1.5", "a close between fragments", lambda s: (s.frame(TEXT, half, fin=False), s.frame(CLOSE, code(1000)), s.frame(0, rest)), 1000)
    yield closed("7.3.1", "a close without a code", lambda s: s.frame(CLOSE), 1005)
    yield closed("7.3.2", "a close of one octet", lambda s: s.frame(CLOSE, b"x"), 1002)
    yield closed("7.3.3", "a close with a code", lambda s: s.frame(CLOSE, code(1000)), 1000)
    yield closed("7.3.4", "a close with a reason", lambda s: s.frame(CLOSE, code(1000) + b"Hello"), 1000)
    yield closed("7.3.5", "a close with a reason of 123 octets", lambda s: s.frame(CLOSE, code(1000) + b"x" * 123), 1000)
    yield closed("7.3.6", "a close with a reason of 124 octets", lambda s: s.frame(CLOSE, code(1000) + b"x" * 124), 1002)
    yield closed("7.5.1", "a close whose reason is not UTF-8", lambda s: s.frame(CLOSE, code(1000) + b"\xce\xba\xed\xa0\x80"), 1007)
    for at, number in enumerate([1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999], 1):
        yield closed(f"7.7.{at}", f"a close with {number}", lambda s: s.frame(CLOSE, code(number)), number)
    for at, number in enumerate([0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999], 1):
        yield closed(f"7.9.{at}", f"a close with {number}, which nobody may send", lambda s: s.frame(CLOSE, code(number)), 1002)

    yield closed("9.1.1", "text over 64 KiB", lambda s: s.frame(TEXT, ping(65537)), 1009)
    yield closed("9.3.1", "text over 64 KiB in fragments of 4 KiB", lambda s: [s.frame(TEXT if at == 0 else 0, b" " * 4096, fin=False) for at in range(17)], 1009)
    yield closed("RFC 6455, 5.1", "a frame that is not masked", lambda s: s.frame(TEXT, ping(), masked=False), 1002)
    yield closed("RFC 6455, 5.2", "a length of 64 bits with the highest set", lambda s: s.stream.sendall(b"\x81\xff" + b"\xff" * 8 + b"mask"), 1009)


# Of the suite's sections 6.3 to 6.21: what is cut off, overlong, a surrogate, or beyond U+10FFFF.
INVALID_UTF8 = [
    ("6.3.1", bytes.fromhex("cebae1bdb9cf83cebcceb5eda080656469746564")),
    ("6.6.1", b"\xce"), ("6.6.3", b"\xce\xba\xe1"), ("6.6.4", b"\xce\xba\xe1\xbd"),
    ("6.8.1", b"\xf8\x88\x80\x80\x80"), ("6.8.2", b"\xfc\x84\x80\x80\x80\x80"),
    ("6.10.1", b"\xf7\xbf\xbf\xbf"), ("6.10.2", b"\xfb\xbf\xbf\xbf\xbf"), ("6.10.3", b"\xfd\xbf\xbf\xbf\xbf\xbf"),
    ("6.11.5", b"\xf4\x90\x80\x80"), ("6.12.1", b"\x80"), ("6.12.2", b"\xbf"), ("6.12.3", b"\x80\xbf"),
    ("6.13.1", bytes(range(0xc0, 0xe0))), ("6.13.5", b"\xfc\x20\xfd\x20"),
    ("6.14.1", b"\xc0"), ("6.14.2", b"\xe0\x80"), ("6.14.3", b"\xf0\x80\x80"), ("6.14.7", b"\xef\xbf"),
    ("6.16.1", b"\xfe"), ("6.16.2", b"\xff"), ("6.16.3", b"\xfe\xfe\xff\xff"),
    ("6.17.1", b"\xc0\xaf"), ("6.17.2", b"\xe0\x80\xaf"), ("6.17.3", b"\xf0\x80\x80\xaf"),
    ("6.18.1", b"\xc1\xbf"), ("6.18.2", b"\xe0\x9f\xbf"), ("6.18.3", b"\xf0\x8f\xbf\xbf"),
    ("6.19.1", b"\xc0\x80"), ("6.19.2", b"\xe0\x80\x80"), ("6.20.1", b"\xed\xa0\x80"), ("6.20.7", b"\xed\xbf\xbf"),
    ("6.21.1", b"\xed\xa0\x80\xed\xb0\x80"),
]


def refusals(appliance, token):
    """Who may not come in, and who may not stay."""
    for origin in ["null", "https://evil.example", f"http://localhost:{appliance.port}", appliance.url + ".evil.example"]:
        for path in ["/api/v1/presence", "/api/v1/calls/signaling/call_AAAAAAAAAAAAAAAAAAAAAA"]:
            status = Socket(appliance, path, origin=origin).status
            report.check(f"CSWSH: {origin} at {path.split('/')[3]}", status in (403, 404), status)
    # A program names no origin, and has nothing but its ticket.
    program = Socket(appliance, "/api/v1/presence", origin="")
    program.say({"type": "hello", "payload": {"ticket": "none", "fresh": True}})
    report.check("a program without a ticket", program.end() == 4401)
    tag = appliance.ask("POST", "/api/v1/tokens/generate", {}, token)[1]
    calls = [appliance.ask("POST", "/api/v1/calls/initiate", {"scannedToken": tag["qrCodeData"]})[1] for _ in range(2)]
    device = appliance.ask("POST", "/api/v1/presence/ticket", {}, token)[1]

    def greet(path, ticket, first=None):
        socket = Socket(appliance, path)
        socket.say(first or {"type": "hello", "payload": {"ticket": ticket, "fresh": True}})
        return socket

    paths = [call["signalingEndpoint"] for call in calls]
    report.check("a ticket of another call", greet(paths[0], calls[1]["ticket"]).end() == 4401)
    report.check("a call's ticket at presence", greet("/api/v1/presence", calls[0]["ticket"]).end() == 4401)
    report.check("a device's ticket at a call", greet(paths[0], device["ticket"]).end() == 4401)
    report.check("no ticket at all", greet(paths[0], "").end() == 4401)
    report.check("a message before hello", greet(paths[0], "", {"type": "ready", "payload": {}}).end() == 4401)
    welcomes = []
    for ticket in [lambda: calls[0]["ticket"], lambda: welcomes[-1]["payload"]["ticket"]]:
        caller = greet(paths[0], ticket())
        welcomes.append(json.loads(caller.hear()[1]))
    report.check("the caller's own tickets", [one["type"] for one in welcomes] == ["welcome"] * 2)
    report.check("a replayed ticket", greet(paths[0], calls[0]["ticket"]).end() == 4403)
    caller.say({"type": "offer", "payload": {"sdp": "v=0\r\n"}})
    report.check("an offer before anybody answered", caller.end() == 4400)
    # The household is called by one at a time: the first call ends before the second begins.
    caller = greet(paths[0], welcomes[-1]["payload"]["ticket"])
    caller.hear_type()
    caller.say({"type": "hangup", "payload": {}})
    report.check("a caller that hangs up", caller.end() == 1000)
    other = greet(paths[1], calls[1]["ticket"])
    other.hear_type()
    other.say({"type": "accept", "payload": {}})
    report.check("a caller that accepts its own call", other.end() == 4400)
    flood = present(appliance, token)
    for _ in range(400):
        flood.frame(TEXT, ping())
    report.check("a flood of messages", flood.end() == 4429)
    pings = present(appliance, token)
    for _ in range(200):
        pings.frame(PING, b"x")
    report.check("a flood of pings", pings.end() == 4429)
    # A socket that says nothing is let go: hello within ten seconds.
    silent, began = Socket(appliance, "/api/v1/presence"), time.monotonic()
    silent.stream.settimeout(30)
    report.check("a socket that says nothing", silent.end() == 4401 and time.monotonic() - began < 25)
