"""An owner: waits to be rung and answers every call. `python owner.py --help` says how."""

import argparse
import asyncio
import os
import random

from callqr import Problem, Server, run
from voice import Voice


async def main():
    options = read_arguments()
    password = os.environ.get("OWNER_PASSWORD")
    if not password:
        raise Problem("Put the account's password into the variable OWNER_PASSWORD.")
    owner = Owner(Server(options.url, options.ca), {"username": options.user, "password": password}, options)
    await (owner.register(options.setup) if options.setup else owner.log_in())
    if options.sticker:
        await owner.create_sticker(options.sticker, options.text)
    await owner.wait_for_calls()


class Owner:
    def __init__(self, server, account, options):
        self.server, self.account, self.options = server, account, options
        self.token = None

    def request(self, method, path, body=None):
        return self.server.request(method, path, body, self.token)

    async def register(self, link):
        body = {**self.account, "setupToken": link.partition("#")[2]}
        self.token = (await self.request("POST", "/api/v1/auth/register", body))["token"]
        print("Account created.")

    async def log_in(self):
        answer = await self.request("POST", "/api/v1/auth/login", self.account)
        if "secondFactor" in answer:
            raise Problem("This account has a second factor. Give this program an account without one.")
        self.token = answer["token"]
        print("Logged in.")

    async def create_sticker(self, label, text):
        body = {"label": label, "publicText": text, "lifetime": "until-revoked"}
        tag = await self.request("POST", "/api/v1/tokens/generate", body)
        print(f"Sticker: {tag['url']}")
        if "urlWarning" in tag:
            print(f"Note: {tag['urlWarning']}")

    async def wait_for_calls(self):
        """Waits until the program is stopped, and comes back when the server restarts or the session ends."""
        while True:
            try:
                if not self.token:
                    await self.log_in()
                if await self.wait_once():
                    return
            except Problem as problem:
                if problem.code in ("no-session", "logged-out"):
                    self.token = None
                elif passes(problem):
                    print(f"{problem} Trying again.")
                    # Not at once, and not everybody at the same time.
                    await asyncio.sleep(random.uniform(1, 3))
                else:
                    raise

    async def wait_once(self):
        """Until the connection ends; true after a call with --once."""
        presence = await self.request("POST", "/api/v1/presence/ticket")
        line = await self.server.connect(presence["signalingEndpoint"], presence["ticket"])
        async for kind, payload in line.messages():
            if kind == "welcome":
                print("Waiting for calls.")
            if kind == "ring":
                taken = await self.ring(payload)
                if taken and self.options.once:
                    return True

    async def ring(self, payload):
        """Takes a call, if it is for this program."""
        tags = (await self.request("GET", "/api/v1/tokens"))["tokens"]
        tag = next((tag for tag in tags if tag["id"] == payload["tagId"]), None)
        if not tag or tag["keyHash"]:
            print("Somebody calls through a sticker whose key isn't here: answer on another device.")
            return False
        print(f'Somebody calls through the sticker "{tag["label"]}".')
        try:
            line = await self.server.connect(payload["signalingEndpoint"], payload["ticket"])
            await Call(line, self.options.talk).answer()
        except Problem as problem:
            print(f"This call failed: {problem}")
        return True


def passes(problem):
    """Whether it is the server or the network, and likely to pass."""
    code, status = problem.code, problem.status or 0
    return code in ("lost", "unreachable", "overloaded") or status == 429 or status >= 500


class Call:
    def __init__(self, line, talk):
        self.line, self.talk = line, talk
        self.voice = None

    async def answer(self):
        """Answers at once, and stays until the call ends."""
        steps = {
            # A person would hear it ring and press a button.
            "welcome": lambda _: self.line.send("accept"),
            "accepted": self.accepted,
            "offer": self.offer,
            "ice-candidate": self.candidate,
            "restart-media": lambda _: self.hang_up("The caller's page was reloaded, which this program can't follow."),
            "ended": self.ended,
        }
        try:
            async for kind, payload in self.line.messages():
                if kind in steps:
                    await steps[kind](payload)
        finally:
            if self.voice:
                await self.voice.close()

    async def accepted(self, payload):
        self.ice_servers = payload["iceServers"]

    async def offer(self, payload):
        if payload.get("commitment"):
            return await self.line.send("mismatch")  # Somebody lied: this sticker has no key.
        if self.voice:
            return await self.hang_up("The caller's network changed, which this program can't follow.")
        self.voice = Voice(self.ice_servers, self.connected, self.failed)
        self.voice.open()
        await self.line.send("answer", {"sdp": await self.voice.answer(payload["sdp"])})

    async def candidate(self, payload):
        if self.voice:
            await self.voice.add_candidate(payload)

    async def failed(self):
        await self.hang_up("The voice found no way to the caller.")

    async def connected(self):
        print("Connected.")
        if self.talk:
            await asyncio.sleep(self.talk)
            await self.hang_up()

    async def hang_up(self, why="Hanging up."):
        print(why)
        await self.line.send("hangup")

    async def ended(self, payload):
        print(f"Heard {self.voice.heard if self.voice else 0:.1f} s of sound.")
        print(f"The call ended: {payload['reason']}.")


def read_arguments():
    parser = argparse.ArgumentParser(
        description="Waits to be rung and answers every call.",
        epilog="The account's password is taken from the environment variable OWNER_PASSWORD.")
    parser.add_argument("url", help="where callqr is: https://HOST[:PORT]")
    parser.add_argument("--user", metavar="NAME", required=True, help="the account")
    parser.add_argument("--ca", metavar="FILE", help="the certificate of callqr's own authority, if it has one")
    parser.add_argument("--setup", metavar="LINK", help="first create the account, with callqr's set-up link")
    parser.add_argument("--sticker", metavar="LABEL", help="first create a sticker, and print its link")
    parser.add_argument("--text", default="", help="what callers read on it")
    parser.add_argument("--talk", metavar="SECONDS", type=float, help="hang up after so long; else the caller does")
    parser.add_argument("--once", action="store_true", help="stop after one call")
    return parser.parse_args()


if __name__ == "__main__":
    run(main())
