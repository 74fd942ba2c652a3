/** Makes a sticker: with keys of its own, so that two stickers cannot be seen to belong together. */

import { decode64 } from '../e2e/bytes.js';
import { makeIdentity } from '../e2e/identity-keys.js';
import { sealPublicText } from '../e2e/public-text.js';
import { addTag } from '../e2e/vault.js';
import { makeSticker } from '../tag/sticker-maker.js';

/**
 * Its token, keys, label and text go into the vault: what the server is told leads to none of the secrets, and to no other sticker.
 * @param {{change: (edit: (content: import('../e2e/vault.js').VaultContent) => void) => Promise<void>}} vault
 * @param {(method: 'POST'|'DELETE', path: string, body?: unknown) => Promise<any>} ask
 * @param {{label: string, publicText: string, lifetime?: string}} wanted
 * @returns {Promise<{code: string, urlBase: string, urlWarning?: unknown}>} `urlBase`: what the server says its link begins with
 */
export async function newSticker(vault, ask, { label, publicText, lifetime }) {
  const stored = await makeIdentity();
  const { token, code, access } = await makeSticker(decode64(stored.identity) ?? new Uint8Array(0));
  const keyHash = code.slice(code.lastIndexOf(':') + 1);
  const sealedText = publicText ? await sealPublicText(publicText, token) : undefined;
  const { id, ...made } = await ask('POST', '/api/v1/tokens/register', { access, identity: stored.identity, lifetime, ...(sealedText && { sealedText }) });
  try {
    await vault.change((content) => {
      addTag(content, id, { token, keyHash, label, publicText });
      content.identities.push(stored);
    });
  } catch (error) {
    // A sticker that no device could answer for must not be printed.
    await ask('DELETE', `/api/v1/tokens/${encodeURIComponent(id)}`).catch(() => null);
    throw error;
  }
  return { ...made, code };
}
