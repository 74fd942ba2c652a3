import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decode64, encode64 } from '../../../assets/js/e2e/bytes.js';
import { openPublicText, sealPublicText } from '../../../assets/js/e2e/public-text.js';
import { NotOpened } from '../../../assets/js/e2e/sealed.js';
import { run } from './e2e-vectors.js';

test('a public text is read by who has the sticker, and by nobody else', async () => {
  const token = encode64(run(32, 5));
  const other = encode64(run(32, 6));
  for (const [text, length] of /** @type {const} */ ([['', 285], ['Blue van, ring me', 285], ['ä'.repeat(120), 285], ['😀'.repeat(120), 541]])) {
    const sealed = await sealPublicText(text, token);
    assert.equal(decode64(sealed)?.length, length);
    assert.equal(await openPublicText(sealed, token), text);
    await assert.rejects(openPublicText(sealed, other), NotOpened);
  }
  assert.notEqual(await sealPublicText('x', token), await sealPublicText('x', token));
  for (const wrong of [undefined, '', 'AA', 'AQ']) await assert.rejects(openPublicText(wrong, token), NotOpened);
});
