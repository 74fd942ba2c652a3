"""Two hundred people log in at the same moment."""

import json
import threading
import time
from collections import Counter

import report
from appliance import PASSWORD, Appliance
from probe import Probe, baseline

LOGINS = 200
MIB = 1024 * 1024


def run(binary):
    report.section("200 parallel logins")
    with Appliance(binary, {"limits": {"requests_per_source": 1024}}) as appliance:
        appliance.register()
        # Twice, so that what the allocator and the first connections cost is not counted as the hashes' cost.
        flood(appliance, 20)
        quiet = baseline(appliance)
        before = appliance.memory("VmRSS")
        reset_peak(appliance)
        with Probe(appliance, every=0.02) as probe:
            statuses, lasted = flood(appliance, LOGINS)
        grown = (appliance.memory("VmHWM") - before) / MIB
        print(f"       {dict(statuses)} in {lasted:.1f} s")
        report.check("every login is answered, with 200, 429 or 503", set(statuses) <= {200, 429, 503} and statuses.total() == LOGINS, dict(statuses))
        report.check("some succeed", statuses[200] > 0, statuses[200])
        # A hash takes 19 MiB: three at once would be 57.
        report.check("memory grows by 45 MiB at most, so at most 2 hashes at once", grown <= 45, f"{grown:.1f} MiB")
        took = report.p99(probe.times) if probe.times else float("inf")
        # Where the machine is slow by itself, what it is then is the measure.
        allowed = max(250, 5 * quiet)
        fine = took < allowed and not probe.failures
        report.check(f"the p99 of /health is under {allowed:.0f} ms", fine, f"{took:.0f} ms of {len(probe.times)}, {quiet:.0f} without; {probe.failures[:3]}")


def flood(appliance, count):
    """Opens this many connections first, then sends all requests at once; the answers' statuses, and how long it took."""
    connections = [appliance.connect(timeout=60) for _ in range(count)]
    body = json.dumps({"username": "ada", "password": PASSWORD}).encode()
    request = (
        f"POST /api/v1/auth/login HTTP/1.1\r\nHost: localhost:{appliance.port}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    ).encode() + body
    statuses, lock = Counter(), threading.Lock()

    def log_in(connection):
        try:
            connection.sendall(request)
            status = int(connection.recv(4096).split()[1])
        except (OSError, IndexError, ValueError) as fault:
            status = repr(fault)
        connection.close()
        with lock:
            statuses[status] += 1

    threads = [threading.Thread(target=log_in, args=(connection,)) for connection in connections]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return statuses, time.monotonic() - began


def reset_peak(appliance):
    """Lets VmHWM begin again at what is used now (proc(5), clear_refs)."""
    with open(f"/proc/{appliance.process.pid}/clear_refs", "w") as file:
        file.write("5")
