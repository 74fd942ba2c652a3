"""slowhttptest: five hundred clients that send or read as slowly as they can.

What is open is counted in the system's table of the server's own sockets: a client that does not read does not notice
either that it was cut off, so slowhttptest's own count says nothing about that.
"""

import subprocess
import threading
import time
from pathlib import Path

import report
from appliance import Appliance
from probe import Probe, baseline

CLIENTS = 500
# How many seconds all of them may take. The limits are 10 s for a head, 15 s for a body, and 10 s at less than 512 B/s.
RAMP = 2
LIMIT = 15
# Before it there is the TLS handshake, of five hundred at once; and a look is taken four times a second. Where other work has the
# processors meanwhile, the looks themselves come late: by how much is added.
SLACK = 3
# The p99 of a probe may be so many milliseconds, and where the machine is slow without an attack, so many times what it is then.
PROBE = 500
TIMES = 5

ATTACKS = {
    "slow headers": ["-H", "-i", "5", "-x", "24", "-t", "GET", "-u", "/health"],
    "slow bodies": ["-B", "-i", "5", "-s", "8192", "-x", "10", "-f", "application/json", "-t", "POST",
                    "-u", "/api/v1/tokens/validate"],
    "slow reading": ["-X", "-w", "10", "-y", "20", "-n", "5", "-z", "32", "-k", "3", "-u", "LARGEST"],
}


def run(binary):
    report.section("slow clients (slowhttptest)")
    # So that all five hundred are served, slowly, and none is just turned away.
    with Appliance(binary, {"limits": {"requests_per_source": 1024}}) as appliance:
        quiet = baseline(appliance)
        print(f"       a probe's p99 without an attack: {quiet:.0f} ms")
        for name, arguments in ATTACKS.items():
            attack(appliance, name, [largest_file(appliance) if word == "LARGEST" else word for word in arguments], quiet)
        report.check("the appliance survives", appliance.alive())


def attack(appliance, name, arguments, quiet):
    arguments[-1] = appliance.url + arguments[-1]
    command = ["slowhttptest", *arguments, "-c", str(CLIENTS), "-r", str(CLIENTS // RAMP), "-l", "30", "-p", "5", "-v", "0"]
    with Probe(appliance) as probe, Watch(appliance.port) as watch:
        subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=120, check=False)
    ages = sorted(last - first for first, last in watch.seen.values())
    report.check(f"{name}: the attack took place", len(ages) > CLIENTS * 0.9, f"{len(ages)} connections")
    limit = LIMIT + SLACK + watch.late
    fine = not watch.open() and ages and ages[-1] <= limit
    report.check(f"{name}: all are closed within {LIMIT} s", fine, f"the oldest became {ages[-1]:.1f} s old, of at most {limit:.1f}" if ages else "")
    took = report.p99(probe.times) if probe.times else float("inf")
    allowed = max(PROBE, TIMES * quiet)
    fine = took < allowed and not probe.failures and len(probe.times) > 20
    report.check(f"{name}: a probe's p99 is under {allowed:.0f} ms", fine, f"{took:.0f} ms of {len(probe.times)}, {quiet:.0f} without; {probe.failures[:3]}")


class Watch(threading.Thread):
    """Looks at the server's sockets to 127.0.0.1 that are not closed: when each was seen first, and when last."""

    def __init__(self, port):
        super().__init__(daemon=True)
        self.port, self.seen, self.over = port, {}, threading.Event()
        self.late = 0.0

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        # The last to come may have had their time only now.
        deadline = time.monotonic() + LIMIT + SLACK
        while self.open() and time.monotonic() < deadline:
            time.sleep(0.25)
        self.over.set()
        self.join()

    def run(self):
        before = time.monotonic()
        while not self.over.wait(0.25):
            now = time.monotonic()
            self.late, before = max(self.late, now - before - 0.25), now
            for remote in self.open():
                first, _ = self.seen.get(remote, (now, now))
                self.seen[remote] = (first, now)

    def open(self):
        rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
        # Local address, remote address, state; 06 is TIME_WAIT, which holds nothing, and 0A listens.
        ours = [row for row in rows if row[1].endswith(f":{self.port:04X}") and row[2].startswith("0100007F:")]
        return {row[2] for row in ours if row[3] not in ("06", "0A")}


def largest_file(appliance):
    """What is most worth reading slowly."""
    _, page = appliance.ask("GET", "/")
    files = {part for part in page.split('"') if part.startswith("/a/")}
    return max(files, key=lambda file: len(appliance.ask("GET", file)[1]))
