/** The microphone: opened by a person's tap and for a call only, and its troubles sorted by what helps. */

/**
 * @typedef {'microphone-denied'|'microphone-missing'|'microphone-busy'|'insecure-page'|'in-app-browser'|'unsupported-browser'} MicrophoneProblem
 */

/** @type {MediaStreamConstraints} */
const VOICE = { audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true, channelCount: 1 }, video: false };

/** Browsers inside other apps: many have no microphone, whatever the person allows. */
const IN_APP = /FBAN|FBAV|Instagram|Line\/|MicroMessenger|Snapchat|TikTok|musical_ly|GSA\/|; wv\)/;
/** Every iPhone browser that a person installs calls itself Safari as well; what an app shows in a view of its own does not. */
const IPHONE = /\((?:iPhone|iPad|iPod)/;

/** @param {string} userAgent */
const isInApp = (userAgent) => IN_APP.test(userAgent) || (IPHONE.test(userAgent) && !/Safari\//.test(userAgent));

/**
 * What makes a call impossible in this browser, before anything was asked of the person.
 * @param {typeof globalThis} scope
 * @returns {MicrophoneProblem|null}
 */
export function browserProblem(scope) {
  if (!scope.isSecureContext) return 'insecure-page';
  const needed = [scope.RTCPeerConnection, scope.WebSocket, scope.crypto?.subtle, scope.navigator.mediaDevices?.getUserMedia];
  if (needed.every(Boolean)) return null;
  return isInApp(scope.navigator.userAgent) ? 'in-app-browser' : 'unsupported-browser';
}

/** @returns {Promise<boolean>} whether the browser will open the microphone without asking */
export async function microphoneGranted() {
  try {
    const status = await navigator.permissions.query({ name: /** @type {PermissionName} */ ('microphone') });
    return status.state === 'granted';
  } catch {
    return false;
  }
}

/** @param {() => void} changed the permission was given or withdrawn */
export function watchMicrophone(changed) {
  navigator.permissions?.query({ name: /** @type {PermissionName} */ ('microphone') }).then((status) => {
    status.onchange = changed;
  }, () => {
    // This browser does not tell.
  });
}

/**
 * @returns {Promise<MediaStream>}
 * @throws {DOMException} to be sorted with {@link microphoneProblem}
 */
export function openMicrophone() {
  return navigator.mediaDevices.getUserMedia(VOICE);
}

/**
 * @param {unknown} error what `getUserMedia` was rejected with
 * @param {string} userAgent
 * @returns {MicrophoneProblem}
 */
export function microphoneProblem(error, userAgent) {
  const name = error instanceof Error || error instanceof DOMException ? error.name : '';
  if (name === 'NotFoundError' || name === 'OverconstrainedError' || name === 'DevicesNotFoundError') return 'microphone-missing';
  if (name === 'NotReadableError' || name === 'AbortError' || name === 'TrackStartError') return 'microphone-busy';
  return isInApp(userAgent) ? 'in-app-browser' : 'microphone-denied';
}
