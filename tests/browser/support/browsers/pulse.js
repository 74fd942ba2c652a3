// A sound server of our own with a silent output: without any output Firefox keeps every AudioContext suspended.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { endWithUs } from './children.js';
import { until } from '../until.js';

/** @param {string} folder where its socket and state go */
export async function startPulse(folder) {
  const socket = join(folder, 'pulse.socket');
  const daemon = endWithUs(spawn(
    'pulseaudio',
    [
      '-n',
      '--daemonize=no',
      '--exit-idle-time=-1',
      '--use-pid-file=no',
      '--disable-shm=yes',
      '--load=module-null-sink sink_name=silence',
      `--load=module-native-protocol-unix auth-anonymous=1 socket=${socket}`,
    ],
    { stdio: 'ignore', env: { ...process.env, HOME: folder, XDG_RUNTIME_DIR: folder, DBUS_SESSION_BUS_ADDRESS: 'disabled:' } },
  ));
  const ended = new Promise((resolve) => daemon.once('exit', resolve));
  await until('PulseAudio opens its socket', () => {
    if (daemon.exitCode !== null) throw new Error(`pulseaudio ended at once with code ${daemon.exitCode}`);
    return existsSync(socket);
  });
  return {
    server: `unix:${socket}`,
    async close() {
      daemon.kill('SIGTERM');
      await ended;
    },
  };
}
