// Loaded before each test: what browsers and newer versions of Node.js have, and Node.js 18 (Debian 12's) does not.
import { webcrypto } from 'node:crypto';

if (!globalThis.crypto) Object.defineProperty(globalThis, 'crypto', { value: webcrypto, configurable: true });
