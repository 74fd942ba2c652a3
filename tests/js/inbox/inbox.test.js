import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decode64, encode64 } from '../../../assets/js/e2e/bytes.js';
import { makeIdentity, openIdentity } from '../../../assets/js/e2e/identity-keys.js';
import { TEXT, sealNote } from '../../../assets/js/e2e/note.js';
import { makeSticker } from '../../../assets/js/tag/sticker-maker.js';
import { openNotes } from '../../../assets/js/inbox/opened.js';

/** @typedef {import('../../../assets/js/e2e/bytes.js').Bytes} Bytes */

const MINUTE = 30_000_000;
const [older, newer, strangers] = await Promise.all([makeIdentity(), makeIdentity(), makeIdentity()]);

/** @param {import('../../../assets/js/e2e/identity-keys.js').StoredIdentity} identity */
async function sticker(identity) {
  const { token, code, access } = await makeSticker((await openIdentity(identity)).identity);
  return { tag: { token, keyHash: code.split(':')[4], label: 'Van', publicText: '' }, token, access };
}
const [van, door] = await Promise.all([sticker(older), sticker(newer)]);
const content = { identities: [newer, older], tags: { tag_van: van.tag, tag_door: door.tag } };

/** @param {{to?: typeof older, token?: string, minute?: number, kind?: number, plain?: Bytes}} [how] */
async function sealed({ to = older, token = van.token, minute = MINUTE, kind = TEXT, plain = new TextEncoder().encode('Hello') } = {}) {
  const envelope = await sealNote(plain, decode64(to.identity) ?? new Uint8Array(0), { token, minute, kind });
  return { id: 'note_1', tagId: 'tag_van', kind: 'text', minute: MINUTE, envelope: encode64(envelope), read: false, expiresAt: '2027-01-01T00:00:00Z' };
}

test('notes open with the identity that their sticker names, the household\'s older ones too', async () => {
  const toDoor = { ...await sealed({ to: newer, token: door.token, plain: new TextEncoder().encode('نورك مضاء\n💡') }), tagId: 'tag_door' };
  const opened = await openNotes([await sealed(), toDoor], content);
  assert.deepEqual(opened.map(({ text }) => text), ['Hello', 'نورك مضاء\n💡']);
  assert.equal(opened[0].id, 'note_1');
});

test('what the server moved, dated otherwise, gave another kind, or made up does not open', async () => {
  const good = await sealed();
  const flipped = decode64(good.envelope) ?? new Uint8Array(0);
  flipped[100] ^= 1;
  /** @type {Record<string, import('../../../assets/js/inbox/opened.js').Note>} */
  const bad = {
    'at another tag of the same household': { ...good, tagId: 'tag_door' },
    'for another tag with the same keys': await sealed({ token: door.token }),
    'at another time': { ...good, minute: MINUTE + 1 },
    'at no time': { ...good, minute: -1 },
    'of another kind': { ...good, kind: 'voice' },
    'sealed as another kind': await sealed({ kind: 2 }),
    'for another identity of the household': await sealed({ to: newer }),
    // The server knows the identity and the access, but not the token.
    'written by who was shown the access alone': await sealed({ token: van.access }),
    'for a stranger': await sealed({ to: strangers }),
    'at an unknown tag': { ...good, tagId: 'tag_other' },
    'at a name that every object has': { ...good, tagId: 'constructor' },
    'changed': { ...good, envelope: encode64(flipped) },
    'no base64': { ...good, envelope: '!' },
    'empty': { ...good, envelope: '' },
    'no UTF-8': await sealed({ plain: new Uint8Array([0xff, 0xfe]) }),
  };
  const opened = await openNotes([...Object.values(bad), good], content);
  assert.deepEqual(Object.keys(bad).filter((_, at) => opened[at].text !== null), []);
  assert.equal(opened.at(-1)?.text, 'Hello', 'the others are not in its way');
});

test('a vault that names keys which it does not have opens nothing', async () => {
  const [{ text }] = await openNotes([await sealed()], { ...content, identities: [newer] });
  assert.equal(text, null);
});
