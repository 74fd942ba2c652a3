"""schemathesis: whatever is asked, the answer is one that the description names, and never a fault of the server's."""

import subprocess
import sys
from pathlib import Path

import report
from appliance import Appliance

HERE = Path(__file__).parent
# These end the session that asks, or change what it needs to log in again: each is run by itself, with its own session.
ENDING = r"^/api/v1/(auth/logout|sessions|account$|account/(password|confirm|totp|passkeys|recovery-codes)|admin/users|admin/invites)"


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
    answer = subprocess.run(command, cwd=appliance.path, capture_output=True, text=True, timeout=400, check=False)
    lines = answer.stdout.splitlines()
    summary = " ".join(line.strip() for line in lines if "generated" in line or "passed" in line)
    report.check(f"schemathesis {who}: all checks, stateful too", answer.returncode == 0, summary if answer.returncode == 0 else answer.stdout[-6000:] + answer.stderr[-2000:])
