/**
 * Lets voices through once it is known who is at the other end. Until then the sender has no track, so nothing can be sent, and the
 * track that is received is disabled, which makes it silence (W3C Media Capture and Streams, section 4.3.1).
 */

export class VoiceGate {
  #track;
  #play;
  #opened = false;
  /** @type {RTCRtpSender|null} */
  #sender = null;
  /** @type {MediaStreamTrack|null} */
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
    if (this.#voice) this.#voice.enabled = true;
    await this.#sender?.replaceTrack(this.#track);
  }

  /** Our voice comes from another microphone from now on. @param {MediaStreamTrack} track */
  async replace(track) {
    this.#track = track;
    if (this.#opened) await this.#sender?.replaceTrack(track);
  }

  /** @param {RTCRtpSender} sender what our voice will be sent with */
  async sendsWith(sender) {
    this.#sender = sender;
    if (this.#opened) await sender.replaceTrack(this.#track);
  }

  /** @param {RTCTrackEvent} event */
  receives({ track, streams }) {
    this.#voice = track;
    track.enabled = this.#opened;
    // Before it may be heard: to start a player takes a while, which is not lost when the gate opens.
    this.#play(streams[0] ?? new MediaStream([track]));
  }
}
