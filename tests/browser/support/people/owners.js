// Many owners for the memory measurement: this version's API makes one account, so the others are copied in the database.
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import WebSocket from 'ws';

/** Log-ins between two copies: an account may have only so many. */
const AT_ONCE = 10;

/**
 * Bearer tokens of so many accounts.
 * @param {import('../server.js').Server} server
 * @param {{username: string, password: string}} account the first, which exists
 * @param {number} count
 * @returns {Promise<string[]>}
 */
export async function manyOwners(server, account, count) {
  const database = readdirSync(server.data).find((name) => /\.(db|sqlite3?)$/.test(name));
  const bearers = [];
  while (bearers.length < count) {
    const some = Math.min(AT_ONCE, count - bearers.length);
    for (let i = 0; i < some; i += 1) {
      const { token } = await server.api('POST', '/api/v1/auth/login', { body: account });
      bearers.push(token);
    }
    execFileSync('sqlite3', [join(server.data, database), `
      PRAGMA busy_timeout = 5000;
      PRAGMA foreign_keys = ON;
      BEGIN IMMEDIATE;
      INSERT INTO households (id) SELECT sessions.id FROM sessions JOIN accounts ON accounts.id = sessions.account_id WHERE administrator = 1;
      INSERT INTO accounts (id, household_id, username_index, username_sealed, password_hash, administrator, disabled, keep_missed_calls, created_at)
        SELECT sessions.id, sessions.id, randomblob(32), username_sealed, password_hash, 0, 0, 0, accounts.created_at
        FROM sessions JOIN accounts ON accounts.id = sessions.account_id WHERE administrator = 1;
      UPDATE sessions SET account_id = id WHERE account_id IN (SELECT id FROM accounts WHERE administrator = 1);
      COMMIT;`], { stdio: ['ignore', 'ignore', 'pipe'] });
  }
  return bearers;
}

/** One signalling connection, as a page makes it; answers with the socket once it is welcomed. */
export async function connect(server, endpoint, ticket) {
  const origin = `https://127.0.0.1:${server.port}`;
  const socket = new WebSocket(`${origin.replace('https', 'wss')}${endpoint}`, { origin, rejectUnauthorized: false, perMessageDeflate: false });
  socket.heard = [];
  await once(socket, 'open');
  socket.send(JSON.stringify({ type: 'hello', payload: { ticket, fresh: false } }));
  socket.on('message', (data) => socket.heard.push(JSON.parse(String(data))));
  await hears(socket, 'welcome');
  socket.send(JSON.stringify({ type: 'ready', payload: {} }));
  return socket;
}

/** Waits for a message of this type; its payload. */
export async function hears(socket, type) {
  for (;;) {
    const found = socket.heard.find((message) => message.type === type);
    if (found) return found.payload;
    await Promise.race([
      once(socket, 'message'),
      once(socket, 'close').then(([code]) => { throw new Error(`closed with ${code} before ${type}: ${JSON.stringify(socket.heard)}`); }),
    ]);
  }
}
