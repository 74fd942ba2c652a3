// Stickers that carry a key, made as the owner's browser makes them, and the vault that keeps them.
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeIdentity, openIdentity } from '../../../../assets/js/e2e/identity-keys.js';
import { makeSticker } from '../../../../assets/js/tag/sticker-maker.js';
import { until } from '../until.js';

/** A sticker that the server has not seen: only its lookup value and the public keys. */
export async function keyedSticker(world, stored) {
  const identity = stored ?? await makeIdentity();
  const { token, code, access } = await makeSticker((await openIdentity(identity)).identity);
  const tag = await world.server.api('POST', '/api/v1/tokens/register', { body: { access, identity: identity.identity }, bearer: world.bearer });
  world.watchSticker(code);
  return { ...tag, url: `${tag.urlBase}#${code}`, code, token, access, identity };
}

/** Puts a sticker that was made elsewhere into the vault of the owner's household, by a device that has it open. */
export async function unlock(device, { id, identity, token, keyHash }, { label = '', publicText = '' } = {}) {
  await comesToVault(device, 'open');
  await device.tab.run(async ({ id, identity, tag }) => {
    const { vault } = await import(new URL('../vault/vault-session.js', document.querySelector('script[type=module]').src).href);
    await vault.change((content) => {
      if (!content.identities.some((known) => known.identity === identity.identity)) content.identities.push(identity);
      content.tags[id] = tag;
    });
  }, { id, identity, tag: { token, keyHash, label, publicText } });
}

/** The link of the sticker that the page shows, as a camera reads it from the picture that can be saved. */
export async function shownSticker(owner, folder) {
  const png = await until('the sticker can be saved', () => owner.tab.run(() => {
    const { href } = document.getElementById('sticker-download');
    return document.getElementById('sticker-dialog').open && href.startsWith('data:image/png') ? href : '';
  }), { detail: () => owner.see() });
  const file = join(folder, 'sticker.png');
  const picture = Buffer.from(png.split(',')[1], 'base64');
  writeFileSync(file, picture);
  const url = execFileSync('zbarimg', ['--quiet', '--raw', file], { stdio: ['ignore', 'pipe', 'ignore'] }).toString().trim();
  return { url, width: picture.readUInt32BE(16), height: picture.readUInt32BE(20) };
}

/** Waits until the page's vault is open, or locked. */
export function comesToVault(device, state) {
  return until(`the vault is ${state}`, () => device.tab.run(async (wanted) => {
    const { vault } = await import(new URL('../vault/vault-session.js', document.querySelector('script[type=module]').src).href);
    return vault.state === wanted;
  }, state), { detail: () => device.see() });
}

/** Makes a device one that was never told a password: it forgets the key that it has kept. */
export async function lock(device) {
  await comesToVault(device, 'open');
  await device.tab.run(async () => {
    const { vault } = await import(new URL('../vault/vault-session.js', document.querySelector('script[type=module]').src).href);
    await vault.leave();
    await vault.enter(null);
  });
  await comesToVault(device, 'locked');
}
