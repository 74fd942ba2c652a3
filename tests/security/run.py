"""Everything of `make test-security` that needs the running appliance: run.py BINARY [PART...]."""

import sys
import threading

import api
import logins
import report
import slow
import transport
import websocket

# Those that measure nothing run beside each other; each has an appliance of its own.
TOGETHER = {"transport": transport, "websocket": websocket, "api": api}
ALONE = {"logins": logins, "slow": slow}


def guarded(name, part, binary):
    """A part that breaks off has failed, and the others go on."""
    try:
        part.run(binary)
    except Exception as fault:
        report.check(name, False, repr(fault))
        raise


def main():
    binary, *names = sys.argv[1:]
    wanted = lambda parts: [(name, part) for name, part in parts.items() if not names or name in names]
    together = [threading.Thread(target=guarded, args=(name, part, binary)) for name, part in wanted(TOGETHER)]
    for thread in together:
        thread.start()
    for thread in together:
        thread.join()
    for name, part in wanted(ALONE):
        try:
            guarded(name, part, binary)
        except Exception as fault:
            print(f"{name} broke off: {fault!r}")
    return report.finish()


if __name__ == "__main__":
    sys.exit(main())
