"""What was checked, and how it went."""

import time

passed, failed = [], []
started = time.monotonic()


def check(name, fine, detail=""):
    """Notes one result and says it at once."""
    (passed if fine else failed).append(name)
    print(f"{'ok    ' if fine else 'FAILED'} {name}{': ' + str(detail) if detail != '' else ''}", flush=True)


def section(title):
    print(f"\n--- {title} ({time.monotonic() - started:.0f} s)", flush=True)


def finish():
    """The closing lines; the exit code."""
    print(f"\n{time.monotonic() - started:.0f} s in all")
    for name in failed:
        print(f"FAILED {name}")
    print(f"{len(passed)} passed, {len(failed)} failed")
    return 1 if failed or not passed else 0


def p99(times):
    """The 99th percentile, in milliseconds."""
    ordered = sorted(times)
    return ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))] * 1000
