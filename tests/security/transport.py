"""TLS as sslyze and testssl.sh see it."""

import json
import subprocess
import sys
from pathlib import Path

import report
from appliance import Appliance

# What testssl.sh reports above LOW and is no fault, each with the reason.
ARGUED = {
    # It sees that pages are compressed. They are static files without a secret; what carries one (the API) is not
    # compressed, which is checked below.
    "BREACH",
}


def run(binary):
    report.section("TLS (sslyze, testssl.sh)")
    with Appliance(binary) as appliance:
        sslyze(appliance)
        testssl(appliance)
        token = appliance.register()
        for path in ["/api/v1", "/api/v1/account", "/api/v1/tokens"]:
            head = raw_head(appliance, path, token)
            report.check(f"{path} is not compressed", b"content-encoding" not in head and head.startswith(b"http/1.1 200"))


def sslyze(appliance):
    tool = Path(sys.executable).parent / "sslyze"
    command = [tool, "--mozilla_config", "intermediate", "--certinfo_ca_file", str(appliance.authority), f"localhost:{appliance.port}"]
    answer = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    fine = answer.returncode == 0 and "OK - Compliant" in answer.stdout
    lines = [line for line in answer.stdout.splitlines() if "Compliant" in line or "compliant" in line or "*" in line]
    report.check("sslyze: Mozilla's intermediate configuration or better", fine, "" if fine else answer.stdout[-3000:] + str(lines))


def testssl(appliance):
    found = appliance.path / "testssl.json"
    tool = "testssl" if Path("/usr/bin/testssl").exists() else "testssl.sh"
    command = [tool, "--quiet", "--warnings", "off", "--color", "0", "--add-ca", str(appliance.authority), "--jsonfile", str(found),
               # Everything that can be a finding; no play-acting of some forty old clients.
               "-p", "-s", "-f", "-P", "-S", "-h", "-U", "--sneaky", "--ip", "127.0.0.1", f"{appliance.url}/"]
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL, timeout=600, check=False)
    findings = json.loads(found.read_text())
    severe = [f"{one['id']}: {one['finding']} ({one['severity']})" for one in findings
              if one["severity"] in ("MEDIUM", "HIGH", "CRITICAL") and one["id"] not in ARGUED]
    names = {one["id"] for one in findings}
    complete = {"TLS1_2", "TLS1_3", "SSLv3", "heartbleed", "ROBOT", "HSTS_time"} <= names
    report.check("testssl.sh: ran to its end", complete, len(findings))
    report.check("testssl.sh: no finding above LOW", not severe, severe or "")
    offered = {one["id"]: one["finding"] for one in findings if one["id"] in ("SSLv2", "SSLv3", "TLS1", "TLS1_1", "TLS1_2", "TLS1_3")}
    only = all(("not offered" in text) == (name not in ("TLS1_2", "TLS1_3")) for name, text in offered.items())
    report.check("testssl.sh: TLS 1.2 and 1.3 alone", only and len(offered) == 6, offered)


def raw_head(appliance, path, token):
    with appliance.connect() as connection:
        connection.sendall(
            f"GET {path} HTTP/1.1\r\nHost: localhost:{appliance.port}\r\nAccept-Encoding: gzip, br\r\n"
            f"Authorization: Bearer {token}\r\nConnection: close\r\n\r\n".encode())
        return connection.recv(65536).split(b"\r\n\r\n")[0].lower()
