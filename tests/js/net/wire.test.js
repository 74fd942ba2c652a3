import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encode, parseServerMessage } from '../../../assets/js/net/wire.js';
import { fixture } from '../support.js';

const { toClient, fromClient } = fixture('wire.json');

for (const { name, message } of [...toClient.call, ...toClient.presence]) {
  test(`the server's message is read: ${name}`, () => {
    assert.deepEqual(parseServerMessage(JSON.stringify(message)), message);
  });
}

for (const { name, message, readAs } of toClient.ignored) {
  test(`a newer server's addition is left out: ${name}`, () => {
    assert.deepEqual(parseServerMessage(JSON.stringify(message)), readAs);
  });
}

for (const { name, text } of toClient.invalid) {
  test(`bad text is not a message: ${name}`, () => assert.equal(parseServerMessage(text), null));
}

test('binary data and names of object members are not messages', () => {
  assert.equal(parseServerMessage(new ArrayBuffer(2)), null);
  assert.equal(parseServerMessage('{"type":"constructor","payload":{}}'), null);
  assert.equal(parseServerMessage('{"type":"__proto__","payload":{}}'), null);
});

test('what is encoded is what the server reads', () => {
  for (const { message } of fromClient.valid) assert.deepEqual(JSON.parse(encode(message)), message);
});
