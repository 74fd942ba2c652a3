/**
 * Lets voices through once it is known who is at the other end. Until then the sender has no track, so nothing can be sent, and
 * what arrives is muted and not played.
 */

export class VoiceGate {
  #track;
  #play;
  #opened = false;
  /** @type {RTCRtpSender|null} */
  #sender = null;
  /** @type {{track: MediaStreamTrack, stream: MediaStream}|null} */
  #voice = null;

  /**
   * @param {MediaStreamTrack} track our voice
   * @param {(stream: MediaStream) => void} play theirs
   */
  constructor(track, play) {
    this.#track = track;
    this.#play = play;
  }

  get opened() {
    return this.#opened;
  }

  async open() {
    this.#opened = true;
    if (this.#voice) this.#hear(this.#voice);
    await this.#sender?.replaceTrack(this.#track);
  }

  /** @param {RTCRtpSender} sender what our voice will be sent with */
  async sendsWith(sender) {
    this.#sender = sender;
    if (this.#opened) await sender.replaceTrack(this.#track);
  }

  /** @param {RTCTrackEvent} event */
  receives({ track, streams }) {
    this.#voice = { track, stream: streams[0] ?? new MediaStream([track]) };
    track.enabled = this.#opened;
    if (this.#opened) this.#hear(this.#voice);
  }

  /** @param {{track: MediaStreamTrack, stream: MediaStream}} voice */
  #hear({ track, stream }) {
    track.enabled = true;
    this.#play(stream);
  }
}
