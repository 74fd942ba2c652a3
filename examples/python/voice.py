"""The voice of a call: a tone is sent, and what is heard is measured. A bot would put its own sound in both places."""

import asyncio
import math
import re
from array import array

from aiortc import (
    AudioStreamTrack, RTCBundlePolicy, RTCConfiguration, RTCIceServer, RTCIceTransportPolicy, RTCPeerConnection,
    RTCSessionDescription)
from aiortc.mediastreams import MediaStreamError
from aiortc.sdp import candidate_from_sdp

CONNECT_TIMEOUT = 20
QUIET = 1000  # Of 32,767.


class Tone(AudioStreamTrack):
    """440 Hz, or silence until it is open."""

    open = False
    spoken = 0

    async def recv(self):
        frame = await super().recv()  # Silence, when it is time for it.
        if self.open:
            angles = (2 * math.pi * 440 * (self.spoken + at) / frame.sample_rate for at in range(frame.samples))
            frame.planes[0].update(array("h", (int(8000 * math.sin(angle)) for angle in angles)).tobytes())
        self.spoken += frame.samples
        return frame


class Voice:
    def __init__(self, ice_servers, connected, failed):
        """`connected` and `failed` are coroutine functions; one of them is called, once."""
        self.heard = 0.0  # Seconds of sound, not of silence, that came from the other side.
        self._tone = Tone()
        self._connected = asyncio.Event()
        servers = [RTCIceServer(server["urls"], server["username"], server["credential"]) for server in ice_servers]
        # Relay only: the server refuses whatever would show the other side an address.
        self._connection = RTCPeerConnection(
            RTCConfiguration(servers, RTCIceTransportPolicy.RELAY, RTCBundlePolicy.MAX_BUNDLE))
        self._connection.addTrack(self._tone)
        self._connection.on("track", self._track)
        self._connection.on("connectionstatechange", self._state_changed)
        self._tasks = [asyncio.create_task(self._watch(connected, failed))]

    def open(self):
        """From now on both sides hear each other; until then there is silence."""
        self._tone.open = True

    async def offer(self):
        return await self._describe(await self._connection.createOffer())

    async def answer(self, sdp):
        await self._connection.setRemoteDescription(RTCSessionDescription(sdp, "offer"))
        return await self._describe(await self._connection.createAnswer())

    async def accept(self, sdp):
        await self._connection.setRemoteDescription(RTCSessionDescription(sdp, "answer"))

    async def add_candidate(self, payload):
        if not payload["candidate"]:
            return  # There are no more.
        candidate = candidate_from_sdp(payload["candidate"].removeprefix("candidate:"))
        candidate.sdpMid, candidate.sdpMLineIndex = payload["sdpMid"], payload["sdpMLineIndex"]
        await self._connection.addIceCandidate(candidate)

    async def close(self):
        for task in self._tasks:
            task.cancel()
        await self._connection.close()

    async def _describe(self, description):
        # This gathers all candidates, too: they are part of the description.
        await self._connection.setLocalDescription(description)
        # One fingerprint, by SHA-256: what is signed must not be ambiguous.
        return re.sub(r"a=fingerprint:sha-(384|512) .*\r\n", "", self._connection.localDescription.sdp)

    def _state_changed(self):
        if self._connection.connectionState == "connected":
            self._connected.set()

    async def _watch(self, connected, failed):
        try:
            await asyncio.wait_for(self._connected.wait(), CONNECT_TIMEOUT)
        except TimeoutError:
            return await failed()
        await connected()

    def _track(self, track):
        self._tasks.append(asyncio.create_task(self._listen(track)))

    async def _listen(self, track):
        try:
            while True:
                frame = await track.recv()
                samples = memoryview(frame.planes[0]).cast("h")
                if self._tone.open and max(samples) > QUIET:
                    if self.heard == 0:
                        print("Hearing the other side.")
                    self.heard += frame.samples / frame.sample_rate
        except MediaStreamError:
            pass  # It ended.
