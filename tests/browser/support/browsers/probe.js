// Runs inside the page, before the page's own scripts: looks on, changes nothing that the page can see.
// It notes every signalling frame, remembers the peer connections, and listens to what arrives.

/** The source of the probe, to be injected. `window.__report(text)` is given by the browser's driver. */
export function probeSource() {
  return `(${probe})();`;
}

/* global window, WebSocket, RTCPeerConnection, AudioContext, performance, MediaStream */
function probe() {
  if (window.__probe) return;
  const peers = [];
  const waiting = [];
  let hearkening = false;
  const report = (entry) => {
    const text = JSON.stringify({ at: Date.now(), ...entry });
    // The driver's function appears a moment after the first scripts run in some browsers.
    if (typeof window.__report !== 'function') waiting.push(text);
    else {
      while (waiting.length > 0) window.__report(waiting.shift());
      window.__report(text);
    }
  };

  const NativeSocket = window.WebSocket;
  window.WebSocket = class extends NativeSocket {
    constructor(...args) {
      super(...args);
      report({ kind: 'open', url: String(args[0]) });
      this.addEventListener('message', (event) => report({ kind: 'in', url: this.url, text: String(event.data) }));
      this.addEventListener('close', (event) => report({ kind: 'close', url: this.url, code: event.code }));
    }

    send(data) {
      report({ kind: 'out', url: this.url, text: String(data) });
      super.send(data);
    }
  };

  const NativePeer = window.RTCPeerConnection;
  window.RTCPeerConnection = class extends NativePeer {
    constructor(...args) {
      super(...args);
      const peer = { connection: this, tracks: [] };
      peers.push(peer);
      report({ kind: 'peer', policy: args[0]?.iceTransportPolicy ?? 'all', servers: args[0]?.iceServers ?? [] });
      this.addEventListener('track', (event) => {
        peer.tracks.push(event.track);
        if (hearkening) hearken(event.track);
      });
      this.addEventListener('icecandidate', (event) =>
        report({ kind: 'gathered', candidate: event.candidate ? event.candidate.candidate : null }),
      );
    }
  };

  /** Decibels at a frequency, beside the loudness of its surroundings. */
  const levels = (analyser, context, frequencies) => {
    const bins = new Float32Array(analyser.frequencyBinCount);
    analyser.getFloatFrequencyData(bins);
    const width = context.sampleRate / analyser.fftSize;
    const near = (hertz) => {
      const middle = Math.round(hertz / width);
      return Math.max(...bins.slice(middle - 2, middle + 3));
    };
    const band = [...bins.slice(Math.round(250 / width), Math.round(3000 / width))].sort((a, b) => a - b);
    const floor = band[Math.floor(band.length / 2)];
    return frequencies.map((hertz) => ({ hertz, level: near(hertz), floor }));
  };

  const ears = new Map();
  let context = null;
  /** For the benchmark: when each new remote track first made any sound, as exactly as a page can tell. */
  const firstSounds = [];
  const hearken = (track) => {
    const analyser = context.createAnalyser();
    analyser.fftSize = 256;
    context.createMediaStreamSource(new MediaStream([track])).connect(analyser);
    const samples = new Float32Array(analyser.fftSize);
    const timer = setInterval(() => {
      analyser.getFloatTimeDomainData(samples);
      if (!samples.some((sample) => Math.abs(sample) > 0.02)) return;
      firstSounds.push(performance.timeOrigin + performance.now());
      clearInterval(timer);
    }, 4);
  };
  const heard = {};

  window.__probe = {
    peers,
    /** Starts to listen to every remote track for these frequencies; may be called again and again. */
    listen(frequencies, every = 20) {
      context ??= new AudioContext();
      if (context.state !== 'running') context.resume();
      for (const { connection, tracks } of peers) {
        if (connection.connectionState === 'closed') continue;
        for (const track of tracks) {
          if (ears.has(track) || track.kind !== 'audio') continue;
          const analyser = context.createAnalyser();
          analyser.fftSize = 2048;
          analyser.smoothingTimeConstant = 0;
          context.createMediaStreamSource(new MediaStream([track])).connect(analyser);
          const timer = setInterval(() => {
            // The analyser keeps the last sound of a track that has ended.
            if (track.readyState === 'ended' || connection.connectionState === 'closed') {
              clearInterval(timer);
              return;
            }
            for (const { hertz, level, floor } of levels(analyser, context, frequencies)) {
              const entry = (heard[hertz] ??= { first: null, last: null, times: 0, loudest: -200, gap: 0 });
              if (level > entry.loudest) entry.loudest = Math.round(level);
              if (level > -65 && level > floor + 25) {
                const now = performance.timeOrigin + performance.now();
                entry.first ??= now;
                if (entry.last !== null) entry.gap = Math.max(entry.gap, Math.round(now - entry.last));
                entry.last = now;
                entry.times += 1;
              }
            }
          }, every);
          ears.set(track, timer);
        }
      }
      return { context: context.state, ears: ears.size };
    },
    /** By frequency: when it was heard first and last (milliseconds since 1970), how often, the longest silence between. */
    heard: () => heard,
    firstSounds,
    /** From now on notes when each new remote track makes its first sound. */
    hearken() {
      context ??= new AudioContext();
      hearkening = true;
      return context.resume();
    },
    forget() {
      for (const key of Object.keys(heard)) delete heard[key];
    },
    /** The pair that each living connection uses, and what was received. */
    async pairs() {
      const found = [];
      for (const { connection } of peers) {
        if (connection.connectionState === 'closed') continue;
        // Of a connection that is closed meanwhile, Firefox never tells.
        const stats = await Promise.race([connection.getStats(), new Promise((resolve) => setTimeout(resolve, 1_000, null))]);
        if (!stats) continue;
        const all = [...stats.values()];
        const transport = all.find((entry) => entry.type === 'transport' && entry.selectedCandidatePairId);
        const pair = transport
          ? stats.get(transport.selectedCandidatePairId)
          : all.find((entry) => entry.type === 'candidate-pair' && entry.selected);
        if (!pair) continue;
        const inbound = all.find((entry) => entry.type === 'inbound-rtp' && entry.kind === 'audio');
        found.push({
          local: stats.get(pair.localCandidateId),
          remote: stats.get(pair.remoteCandidateId),
          packets: inbound ? inbound.packetsReceived : 0,
          candidates: all.filter((entry) => entry.type === 'local-candidate' || entry.type === 'remote-candidate'),
        });
      }
      // Copies: WebDriver BiDi sends an object that occurs twice only once.
      return JSON.parse(JSON.stringify(found));
    },
    states: () => peers.map(({ connection }) => `${connection.connectionState}/${connection.iceConnectionState}`),
  };
}
