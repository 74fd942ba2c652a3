"""Asks for /health again and again, as somebody who has nothing to do with what else goes on."""

import threading
import time

import report

# Another source than the attacker's: what is measured is whether others are kept out.
SOURCE = "127.0.0.2"


class Probe(threading.Thread):
    """Use as a context manager; each answer's time is in `times`, each failure in `failures`."""

    def __init__(self, appliance, every=0.05):
        super().__init__(daemon=True)
        self.appliance, self.every = appliance, every
        self.times, self.failures, self.over = [], [], threading.Event()
        self.request = f"GET /health HTTP/1.1\r\nHost: localhost:{appliance.port}\r\n\r\n".encode()

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.join()

    def run(self):
        connection = None
        while not self.over.wait(self.every):
            began = time.monotonic()
            try:
                connection = connection or self.appliance.connect(SOURCE)
                connection.sendall(self.request)
                answer = b""
                while b'"version"' not in answer:
                    some = connection.recv(4096)
                    if not some:
                        raise ConnectionError("closed")
                    answer += some
                if not answer.startswith(b"HTTP/1.1 200"):
                    raise ConnectionError(answer.splitlines()[0])
                self.times.append(time.monotonic() - began)
            except OSError as fault:
                self.failures.append(repr(fault))
                connection = None


def baseline(appliance, seconds=3):
    """The p99 of the same probe while nothing else goes on: what this machine can do now."""
    with Probe(appliance) as probe:
        time.sleep(seconds)
    return report.p99(probe.times)
