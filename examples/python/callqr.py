"""What the owner and the caller share: requests, the signalling's WebSocket, and how a program ends."""

import asyncio
import json
import ssl
import sys
import urllib.error
import urllib.request
from urllib.parse import urlsplit

import websockets

REQUEST_TIMEOUT = 10


class Problem(Exception):
    """What the person at the terminal should read, instead of a stack trace."""

    def __init__(self, message, code=None, status=None):
        super().__init__(message)
        self.code, self.status = code, status


def run(main):
    """Runs a program: it ends with 0 when `main` does, and with 1 and a line on stderr when there is a problem."""
    sys.stdout.reconfigure(line_buffering=True)  # Into a log, too.
    try:
        asyncio.run(main)
    except Problem as problem:
        sys.exit(f"Error: {problem}")
    except KeyboardInterrupt:
        sys.exit(130)


class Server:
    """A server of callqr."""

    def __init__(self, url, ca_file=None):
        parts = urlsplit(url)
        if parts.scheme != "https" or not parts.hostname:
            raise Problem(f"Not an address like https://callqr.example: {url}")
        self.origin = f"https://{parts.netloc}"
        try:
            self.tls = ssl.create_default_context(cafile=ca_file)
        except OSError as error:
            raise Problem(f"The file that --ca names can't be used: {error}")

    async def request(self, method, path, body=None, token=None):
        """Makes a request; answers with the object that the server sends."""
        status, text = await asyncio.to_thread(self._exchange, method, path, body, token)
        try:
            answer = json.loads(text or "{}")
        except ValueError:
            raise Problem(f"{self.origin} answers with {status}, but not as callqr does.", status=status)
        if status < 400:
            return answer
        raise problem_of(answer["error"], status)

    def _exchange(self, method, path, body, token):
        request = urllib.request.Request(self.origin + path, method=method)
        request.add_header("Content-Type", "application/json")
        if token:
            request.add_header("Authorization", f"Bearer {token}")
        if body is not None:
            request.data = json.dumps(body).encode()
        try:
            with urllib.request.urlopen(request, context=self.tls, timeout=REQUEST_TIMEOUT) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as answer:
            return answer.code, answer.read()
        except OSError as error:
            raise self._unreachable(error)

    async def connect(self, endpoint, ticket):
        """Opens a WebSocket of the signalling and says hello."""
        address = self.origin.replace("https", "wss", 1) + endpoint
        try:
            socket = await websockets.connect(address, ssl=self.tls, open_timeout=REQUEST_TIMEOUT)
        except (OSError, TimeoutError, websockets.InvalidHandshake) as error:
            raise self._unreachable(error)
        line = Line(socket)
        await line.send("hello", {"ticket": ticket, "fresh": False})
        return line

    def _unreachable(self, error):
        reason = getattr(error, "reason", None) or error
        if isinstance(reason, ssl.SSLCertVerificationError):
            return Problem(
                f"The certificate of {self.origin} isn't trusted ({reason.verify_message}). If callqr made it: "
                f"download {self.origin}/ca.pem, compare its fingerprint with the one that callqr printed, and "
                "give the file with --ca.")
        return Problem(f"{self.origin} can't be reached ({reason}). Is callqr running there?", "unreachable")


class Line:
    """A WebSocket of the signalling: `async for kind, payload in line.messages()`, until the call has ended."""

    def __init__(self, socket):
        self.socket = socket

    async def send(self, kind, payload=None):
        try:
            await self.socket.send(json.dumps({"type": kind, "payload": payload or {}}))
        except websockets.ConnectionClosed:
            pass  # The reader of the messages notices.

    async def messages(self):
        try:
            async for text in self.socket:
                message = json.loads(text)
                kind, payload = message["type"], message["payload"]
                if kind == "welcome":
                    # At once: this spends the ticket, so that a copy of it is worth nothing.
                    await self.send("ready")
                if kind == "error":
                    raise problem_of(payload)
                yield kind, payload
                if kind == "ended":
                    return
        except websockets.ConnectionClosed:
            pass
        finally:
            await self.socket.close()
        raise Problem("The connection to the server was lost.", "lost")


def problem_of(error, status=None):
    """What the server says is wrong, and what to do; in answers and in the signalling it looks the same."""
    return Problem(f"{error['message']} {error['hint']}".strip(), error["code"], status)
