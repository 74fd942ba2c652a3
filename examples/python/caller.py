"""A caller: calls the owner of a sticker. `python caller.py --help` says how."""

import argparse
import asyncio

from callqr import Problem, Server, run
from sticker import CallerProof, Sticker
from voice import Voice

# Why a call ended, in words.
ENDINGS = {
    "busy": "The owner is in another call. Try again later.",
    "declined": "The owner declined.",
    "hung-up": "The owner hung up.",
    "lost": "The other side's connection was lost.",
    "mismatch": "Someone may be trying to listen in. The call was stopped.",
    "no-answer": "Nobody answered.",
    "time-limit": "The time for one call is over.",
    "unreachable": "None of the owner's devices is connected. Try again later.",
    "withdrawn": "The sticker was paused or revoked.",
}

PROOF_TIMEOUT = 12  # Seconds that the owner may take to prove who they are.


async def main():
    options = read_arguments()
    sticker = Sticker(options.sticker)
    url = sticker.server or options.server
    if not url:
        raise Problem("A code alone does not name the server: give it with --server.")
    server = Server(url, options.ca)

    tag = await server.request("POST", "/api/v1/tokens/validate", {"token": sticker.shown})
    if not tag["valid"]:
        raise Problem("This sticker is not valid: it is revoked, expired or of another server.")
    if not tag["canInitiateCall"]:
        raise Problem("The owner has paused this sticker. Try again later.")
    identity = sticker.check_identity(tag.get("identity")) if sticker.key_hash else None
    if tag["publicText"]:
        print(f"The sticker says: {tag['publicText']}")

    placed = await server.request("POST", "/api/v1/calls/initiate", {"scannedToken": sticker.shown})
    proof = CallerProof(sticker, identity, placed["sessionId"]) if identity else None
    line = await server.connect(placed["signalingEndpoint"], placed["ticket"])
    await Call(line, placed["iceServers"], proof, options.talk).hold()


class Call:
    def __init__(self, line, ice_servers, proof, talk):
        self.line, self.ice_servers, self.proof, self.talk = line, ice_servers, proof, talk
        self.voice = self.failure = self.timer = None
        self.connected, self.proven = False, not proof
        self.talking = self.hung_up = self.has_answer = False

    async def hold(self):
        """Until it ends."""
        steps = {
            "ringing": self.ringing,
            "answered": self.answered,
            "answer": self.answer,
            "signature": self.signature,
            "ice-candidate": self.candidate,
            "restart-ice": lambda _: self.hang_up("The owner's network changed, which this program can't follow."),
            "restart-media": lambda _: self.hang_up("The owner's page was reloaded, which this program can't follow."),
            "ended": self.ended,
        }
        try:
            async for kind, payload in self.line.messages():
                if kind in steps:
                    await steps[kind](payload)
        finally:
            if self.voice:
                await self.voice.close()
        if self.failure:
            raise Problem(self.failure)

    async def ringing(self, payload):
        print(f"Devices that ring: {payload['devices']}.")

    async def answered(self, _):
        print("Answered.")
        self.voice = Voice(self.ice_servers, self.voice_connected, self.voice_failed)
        self.offer = await self.voice.offer()
        commitment = {"commitment": self.proof.commitment} if self.proof else {}
        await self.line.send("offer", {"sdp": self.offer, **commitment})
        self.timer = asyncio.create_task(self.expect_proof())

    async def answer(self, payload):
        if self.has_answer:
            return await self.mismatch()  # One answer to one offer: a second one could be somebody else's.
        self.has_answer = True
        if self.proof:
            if not self.proof.bind(self.offer, payload["sdp"], payload.get("nonce")):
                return await self.mismatch()
            await self.line.send("reveal", {"nonce": self.proof.nonce})
        await self.voice.accept(payload["sdp"])

    async def signature(self, payload):
        if not (self.proof and self.proof.is_signed_by_owner(payload["signature"])):
            return await self.mismatch()
        await self.line.send("confirmation", {"confirmation": self.proof.confirmation()})
        self.proven = True
        self.talk_if_ready()

    async def candidate(self, payload):
        if self.voice:
            await self.voice.add_candidate(payload)

    async def voice_failed(self):
        await self.hang_up("The voice found no way to the owner.")

    async def voice_connected(self):
        self.connected = True
        self.talk_if_ready()

    async def expect_proof(self):
        await asyncio.sleep(PROOF_TIMEOUT)
        if not self.proven:
            await self.mismatch()

    def talk_if_ready(self):
        if self.connected and self.proven:
            self.talking = True
            print("Connected, and it is the sticker's owner." if self.proof else "Connected.")
            self.voice.open()
            if self.talk:
                self.timer = asyncio.create_task(self.hang_up_later())

    async def hang_up_later(self):
        await asyncio.sleep(self.talk)
        await self.hang_up()

    async def hang_up(self, why=None):
        self.failure, self.hung_up = why, True
        await self.line.send("hangup")

    async def mismatch(self):
        self.failure = ENDINGS["mismatch"]
        await self.line.send("mismatch")

    async def ended(self, payload):
        ending = ENDINGS.get(payload["reason"], f"The call ended: {payload['reason']}.")
        if not self.talking or payload["reason"] not in ("hung-up", "time-limit"):
            self.failure = self.failure or ending
        print(f"Heard {self.voice.heard if self.voice else 0:.1f} s of sound.")
        if not self.failure:
            print("Hung up." if self.hung_up else ending)


def read_arguments():
    parser = argparse.ArgumentParser(description="Calls the owner of a sticker.")
    parser.add_argument("sticker", help="its link, or its code")
    parser.add_argument("--ca", metavar="FILE", help="the certificate of callqr's own authority, if it has one")
    parser.add_argument("--server", metavar="URL", help="where callqr is, if you have a code and no link")
    parser.add_argument("--talk", metavar="SECONDS", type=float, help="hang up after so long; otherwise the owner does")
    return parser.parse_args()


if __name__ == "__main__":
    run(main())
