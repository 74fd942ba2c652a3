/** Keeps what a reloaded page needs to come back into its call: in this tab only, and gone with it. */

/**
 * @typedef {{endpoint: string, ticket: string, title: string, key: string|null, keyed: boolean, at: number}} RememberedCall
 * `key`: by what the page finds again what proves the call: the owner's public keys for a caller, the tag for an owner · `keyed`:
 * whether the sticker carries a key, so that the call does not go on without a proof
 */

const KEY = 'callqr:call';
/** The server waits 30 s for a side to return. */
const RETURN_TIMEOUT = 30_000;

/** @param {Omit<RememberedCall, 'at'>} call */
export function rememberCall(call) {
  store({ ...call, at: Date.now() });
}

/** Says that the call was still on at this time. */
export function touchCall() {
  const call = stored();
  if (call) store({ ...call, at: Date.now() });
}

export function forgetCall() {
  try {
    sessionStorage.removeItem(KEY);
  } catch {
    // Storage is switched off: nothing was kept.
  }
}

/** @returns {RememberedCall|null} the call that this tab was in a moment ago */
export function recallCall() {
  const call = stored();
  if (call && Date.now() - call.at < RETURN_TIMEOUT) return call;
  forgetCall();
  return null;
}

/** @param {RememberedCall} call */
function store(call) {
  try {
    sessionStorage.setItem(KEY, JSON.stringify(call));
  } catch {
    // Storage is switched off: a reload will end the call.
  }
}

/** @returns {RememberedCall|null} */
function stored() {
  try {
    const call = JSON.parse(sessionStorage.getItem(KEY) ?? 'null');
    return typeof call?.ticket === 'string' && typeof call.endpoint === 'string' ? { key: null, keyed: false, ...call } : null;
  } catch {
    return null;
  }
}
