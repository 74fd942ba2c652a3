"""Two ICE agents of aioice that may use relayed candidates only connect and exchange data, both ways."""

import asyncio
import sys

import aioice

port, transport = int(sys.argv[1]), sys.argv[2]
usernames, passwords = sys.argv[3:5], sys.argv[5:7]


def agent(side: int) -> aioice.Connection:
    return aioice.Connection(
        ice_controlling=side == 0,
        turn_server=("127.0.0.1", port),
        turn_username=usernames[side],
        turn_password=passwords[side],
        turn_transport=transport,
        transport_policy=aioice.TransportPolicy.RELAY,
    )


async def main() -> None:
    agents = [agent(0), agent(1)]
    for one in agents:
        await one.gather_candidates()
        assert [c.type for c in one.local_candidates] == ["relay"], one.local_candidates
    for one, other in (agents, agents[::-1]):
        for candidate in other.local_candidates:
            await one.add_remote_candidate(candidate)
        await one.add_remote_candidate(None)
        one.remote_username, one.remote_password = other.local_username, other.local_password
    await asyncio.gather(*(one.connect() for one in agents))
    for n in range(100):
        payload = bytes([n]) * 172
        await agents[0].send(payload)
        assert await agents[1].recv() == payload
        await agents[1].send(payload)
        assert await agents[0].recv() == payload
    await asyncio.gather(*(one.close() for one in agents))
    print("both directions")


asyncio.run(asyncio.wait_for(main(), 40))
