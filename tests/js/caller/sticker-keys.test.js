import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stickerKeys } from '../../../assets/js/caller/sticker-keys.js';
import { checksumOf } from '../../../assets/js/tag/code.js';
import { Mismatch } from '../../../assets/js/e2e/proof/proof.js';
import { fixture } from '../support.js';

const { identity, sticker } = fixture('e2e.json');
const plain = `pqc:1:${sticker.token}:${await checksumOf(sticker.token, crypto.subtle)}`;

test('a call that was begun with a key does not go on without it', async () => {
  assert.ok(await stickerKeys(`#${plain}:${identity.keyHash}`, identity.identity));
  assert.equal(await stickerKeys(`#${plain}`, null), null);
  for (const fragment of ['', '#', '#x', `#${plain}`, `#${plain}:${'A'.repeat(22)}`]) {
    await assert.rejects(stickerKeys(fragment, identity.identity), Mismatch, fragment);
  }
  await assert.rejects(stickerKeys(`#${plain}:${identity.keyHash}`, null), Mismatch);
});
