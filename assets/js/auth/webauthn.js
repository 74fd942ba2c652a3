/**
 * Passkeys (WebAuthn level 3). What the server sends and wants is JSON with base64url, what browsers take and give is bytes:
 * the conversions are pure, because not every browser in use has `parseRequestOptionsFromJSON`.
 */

import { PRF_INPUT } from '../e2e/wraps.js';

/**
 * @typedef {{id: string, type: string, transports?: string[]}} Descriptor
 * @typedef {'passkey-unsupported'|'passkey-address'} Impossible
 * @typedef {'passkey-cancelled'|'passkey-known'|'passkey-address'|'passkey-failed'} PasskeyProblem
 */

/** @param {string} text base64url @returns {Uint8Array<ArrayBuffer>} */
export function toBytes(text) {
  const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}

/** @param {ArrayBuffer} bytes @returns {string} base64url */
export function fromBytes(bytes) {
  const binary = Array.from(new Uint8Array(bytes), (byte) => String.fromCharCode(byte)).join('');
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

/** @param {any} json PublicKeyCredentialCreationOptionsJSON @returns {PublicKeyCredentialCreationOptions} */
export function creationOptions(json) {
  return {
    ...json,
    challenge: toBytes(json.challenge),
    user: { ...json.user, id: toBytes(json.user.id) },
    excludeCredentials: (json.excludeCredentials ?? []).map(descriptor),
  };
}

/** @param {any} json PublicKeyCredentialRequestOptionsJSON @returns {PublicKeyCredentialRequestOptions} */
export function requestOptions(json) {
  return { ...json, challenge: toBytes(json.challenge), allowCredentials: (json.allowCredentials ?? []).map(descriptor) };
}

/** @param {Descriptor} known @returns {PublicKeyCredentialDescriptor} */
function descriptor({ id, type, transports }) {
  return /** @type {PublicKeyCredentialDescriptor} */ ({ id: toBytes(id), type, ...(transports ? { transports } : {}) });
}

/** What the server verifies: RegistrationResponseJSON or AuthenticationResponseJSON. @param {any} credential PublicKeyCredential */
export function credentialJson(credential) {
  const { response } = credential;
  /** @type {Record<string, unknown>} */
  const answer = { clientDataJSON: fromBytes(response.clientDataJSON) };
  for (const name of ['attestationObject', 'authenticatorData', 'signature', 'userHandle']) {
    if (response[name]) answer[name] = fromBytes(response[name]);
  }
  if (response.getTransports) answer.transports = response.getTransports();
  return {
    id: credential.id,
    rawId: fromBytes(credential.rawId),
    type: credential.type,
    response: answer,
    clientExtensionResults: withoutSecret(credential.getClientExtensionResults()),
    ...(credential.authenticatorAttachment ? { authenticatorAttachment: credential.authenticatorAttachment } : {}),
  };
}

/**
 * Why passkeys cannot be used here, if so. They belong to a name: an address of digits can have none.
 * @param {{PublicKeyCredential?: unknown, location: {hostname: string}}} surroundings
 * @returns {Impossible|null}
 */
export function passkeysImpossible({ PublicKeyCredential, location }) {
  if (/^[\d.]+$/.test(location.hostname) || location.hostname.startsWith('[')) return 'passkey-address';
  return PublicKeyCredential ? null : 'passkey-unsupported';
}

/** What a browser's refusal means to the person. @param {unknown} error @returns {PasskeyProblem} */
export function passkeyProblem(error) {
  switch (/** @type {{name?: string}} */ (error)?.name) {
    case 'NotAllowedError':
    case 'AbortError': return 'passkey-cancelled';
    case 'InvalidStateError': return 'passkey-known';
    case 'SecurityError': return 'passkey-address';
    default: return 'passkey-failed';
  }
}

/** What the browser says of extensions, but for what opens the vault: that stays here. @param {Record<string, unknown>} results */
function withoutSecret({ prf: _, ...rest }) {
  return rest;
}

/** @typedef {{secret: Uint8Array<ArrayBuffer>, credential: string}} PasskeySecret `credential`: SHA-256 of its id, base64url */

/** @type {PasskeySecret|null} */
let used = null;

/** What the passkey that was last used opens the vault with, where browser and passkey can (WebAuthn Level 3, section 10.1.4); given out once. */
export function takePasskeySecret() {
  const secret = used;
  used = null;
  return secret;
}

/** @template {{extensions?: AuthenticationExtensionsClientInputs}} Options @param {Options} options @returns {Options} */
const askingForSecret = (options) => ({ ...options, extensions: { ...options.extensions, prf: { eval: { first: PRF_INPUT } } } });

/** @param {any} credential PublicKeyCredential */
async function noteSecret(credential) {
  const output = credential.getClientExtensionResults().prf?.results?.first;
  const digest = await crypto.subtle.digest('SHA-256', credential.rawId);
  used = output ? { secret: new Uint8Array(output), credential: fromBytes(digest) } : null;
  return credential;
}

/** A refusal by the browser or its person, not by the server. */
export class PasskeyError extends Error {
  /** @param {PasskeyProblem} problem */
  constructor(problem) {
    super(problem);
    this.problem = problem;
  }
}

/** @param {unknown} publicKey as the server sent it */
export async function makePasskey(publicKey) {
  used = null;
  try {
    return credentialJson(await noteSecret(await navigator.credentials.create({ publicKey: askingForSecret(creationOptions(publicKey)) })));
  } catch (error) {
    throw new PasskeyError(passkeyProblem(error));
  }
}

/**
 * @param {unknown} publicKey as the server sent it
 * @param {{signal?: AbortSignal, conditional?: boolean}} [options] `conditional`: offered while a name is typed, without a dialog
 */
export async function usePasskey(publicKey, { signal, conditional = false } = {}) {
  try {
    return credentialJson(await noteSecret(await navigator.credentials.get({
      publicKey: askingForSecret(requestOptions(publicKey)), signal, ...(conditional ? { mediation: 'conditional' } : {}),
    })));
  } catch (error) {
    throw new PasskeyError(passkeyProblem(error));
  }
}
