"""schemathesis: whatever is asked, the answer is one that the description names, and never a fault of the server's."""

import os
import subprocess
import sys
from pathlib import Path

import report
from appliance import Appliance

HERE = Path(__file__).parent
# These end the session that asks, or change what it needs to log in again: each is run by itself, with its own session.
ENDING = r"^/api/v1/(auth/logout|sessions|account$|account/(password|confirm|totp|passkeys|backup-codes)|admin/users|admin/invites)"

# Where CI runs, other work comes and goes on the same processors, and a connection may end at its idle time in the very moment
# of being used again: what fails may try once more, and says so. A fault of ours would have to hide twice from new random cases.
TRIES = 2 if os.environ.get("CI") else 1


def run(binary):
    report.section("the API (schemathesis)")
    with Appliance(binary) as appliance:
        token = appliance.register()
        test(appliance, "as a stranger", [])
        owner = ["--header", f"Authorization: Bearer {token}"]
        test(appliance, "as an owner", [*owner, "--exclude-path-regex", ENDING])
        test(appliance, "as an owner, what ends a session", [*owner, "--include-path-regex", ENDING])
        report.check("the appliance survives", appliance.alive())
        status, health = appliance.ask("GET", "/health")
        report.check("and is healthy", status == 200, health)


def test(appliance, who, arguments):
    tool = Path(sys.executable).parent / "schemathesis"
    command = [tool, "--config-file", HERE / "schemathesis.toml", "run", "--checks", "all", "--phases", "examples,coverage,fuzzing,stateful",
               "--max-examples", "15", "--workers", "2", "--tls-verify", appliance.authority, "--request-timeout", "20",
               "--generation-database", "none", "--no-color", *arguments, f"{appliance.url}/api/v1/openapi.json"]
    for attempt in range(1, TRIES + 1):
        answer = subprocess.run(command, cwd=appliance.path, capture_output=True, text=True, timeout=400, check=False)
        if answer.returncode == 0:
            break
        print(answer.stdout[-6000:] + answer.stderr[-2000:])
    lines = answer.stdout.splitlines()
    summary = " ".join(line.strip() for line in lines if "generated" in line or "passed" in line)
    detail = summary if attempt == 1 else f"only at try {attempt}: {summary}"
    report.check(f"schemathesis {who}: all checks, stateful too", answer.returncode == 0, detail)
