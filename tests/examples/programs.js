// The example programs, started as a person starts them, and what they print.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { endWithUs } from '../browser/support/browsers/children.js';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const PYTHON = join(root, 'target/tools/examples/bin/python');
/** Where the generator of clients is, and what its client needs. */
const CLIENTS = join(root, 'target/tools/clients/bin');

/** How to start each program, by language. */
const COMMANDS = {
  Python: (name) => [PYTHON, join(root, `examples/python/${name}.py`)],
  Node: (name) => [process.execPath, join(root, `examples/node/${name}.js`)],
  test: (name) => [process.execPath, join(root, `tests/examples/${name}.js`)],
  generator: (name) => [join(CLIENTS, name)],
  generated: (name) => [join(CLIENTS, 'python'), join(root, `tests/examples/${name}.py`)],
};

export const LANGUAGES = ['Python', 'Node'];

for (const path of [PYTHON, CLIENTS, join(root, 'examples/node/node_modules')]) {
  if (!existsSync(path)) throw new Error(`${path} is missing: bash tests/examples.sh installs what the examples need`);
}

/** A program ends within this time, or has failed, in milliseconds. */
const LIMIT = 40_000;

export class Program {
  output = '';
  errors = '';
  #child;
  /** What somebody waits to be printed. */
  #waiting = new Set();
  #gone = false;

  /** @param {string} language @param {string} name @param {string[]} options @param {Record<string, string>} [environment] */
  constructor(language, name, options, environment = {}) {
    this.name = `${language} ${name}`;
    const [command, ...before] = COMMANDS[language](name);
    const { OWNER_PASSWORD: _, ...ours } = process.env;
    this.#child = endWithUs(spawn(command, [...before, ...options], {
      env: { ...ours, PYTHONDONTWRITEBYTECODE: '1', ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    }));
    const deadline = setTimeout(() => this.#child.kill('SIGKILL'), LIMIT);
    this.#child.stdout.on('data', (text) => {
      this.output += text;
      this.#look();
    });
    this.#child.stderr.on('data', (text) => (this.errors += text));
    /** The code that it ends with; null when it was killed. @type {Promise<number | null>} */
    this.ended = new Promise((done) => this.#child.once('close', (code) => {
      clearTimeout(deadline);
      this.#gone = true;
      this.#look();
      done(code);
    }));
  }

  /** Waits until it has printed this. @param {RegExp} pattern */
  prints(pattern) {
    return new Promise((done, fail) => {
      this.#waiting.add({ pattern, done, fail });
      this.#look();
    });
  }

  stop() {
    this.#child.kill();
    return this.ended;
  }

  #look() {
    for (const one of this.#waiting) {
      const found = one.pattern.exec(this.output);
      if (!found && !this.#gone) continue;
      this.#waiting.delete(one);
      if (found) one.done(found);
      else one.fail(new Error(`${this.name} has ended without printing ${one.pattern}:\n${this.output}${this.errors}`));
    }
  }
}
