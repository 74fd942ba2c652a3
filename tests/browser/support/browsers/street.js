// A network as it is in the street: what passes takes its time, and only so much of it passes at once.

/** What comes in one piece is handed on in packets, in bytes. */
const PACKET = 1400;

/** What takes no time. */
export const FAST = {
  up: { carry: (bytes, arrive) => arrive(bytes), end: (arrive) => arrive() },
  down: { carry: (bytes, arrive) => arrive(bytes), end: (arrive) => arrive() },
  handshake: 0,
};

/**
 * Both directions. `handshake`: what opening a connection takes, for its SYN and SYN-ACK are the system's and here at once.
 * @param {{delay: number, rate: number}} network `delay`: milliseconds in one direction; `rate`: bits a second in each
 */
export function slowWay(network) {
  return { up: new Street(network), down: new Street(network), handshake: 2 * network.delay };
}

/** One direction of a way, shared by all that goes there. Each packet arrives when its last byte has come through, in order. */
class Street {
  #network;
  /** When the last packet that is under way will have gone in. */
  #free = 0;
  #underWay = [];
  #timer = null;

  constructor(network) {
    this.#network = network;
  }

  /** @param {Buffer} bytes @param {(packet: Buffer) => void} arrive */
  carry(bytes, arrive) {
    for (let at = 0; at < bytes.length; at += PACKET) {
      const packet = bytes.subarray(at, at + PACKET);
      this.#send(packet.length, () => arrive(packet));
    }
  }

  /** The end of a connection, which comes after what was sent before. @param {() => void} arrive */
  end(arrive) {
    this.#send(0, arrive);
  }

  #send(length, arrive) {
    this.#free = Math.max(performance.now(), this.#free) + (length * 8 * 1000) / this.#network.rate;
    this.#underWay.push({ at: this.#free + this.#network.delay, arrive });
    if (!this.#timer) this.#wait();
  }

  #wait() {
    this.#timer = setTimeout(() => {
      this.#timer = null;
      while (this.#underWay.length > 0 && this.#underWay[0].at <= performance.now()) this.#underWay.shift().arrive();
      if (this.#underWay.length > 0) this.#wait();
    }, Math.max(0, this.#underWay[0].at - performance.now()));
  }
}
