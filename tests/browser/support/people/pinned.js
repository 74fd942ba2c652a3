// What the tests of pinned pages ask a device.
import { execFileSync } from 'node:child_process';
import { BINARY } from '../server.js';
import { until } from '../until.js';

/** What a release or an altered file does, so that it can be seen whether it ran. */
export const ROGUE = '\nglobalThis.rogue = true;\n';
export const ran = (person) => person.tab.run(() => globalThis.rogue === true);

const digitsOf = (text) => text.replaceAll(/[^0-9a-f]/g, '');

/** The hash that the program prints. */
export const printedHash = () => digitsOf(execFileSync(BINARY, ['pages', 'hash']).toString());

/** A hash as the page shows it, all of it. */
export const shownHash = async (device, id) => digitsOf(await device.tab.run((at) => document.getElementById(at).textContent, `${id}-all`));

export const standing = (device) => device.tab.run(() => document.body?.dataset.pins);

export function stands(device, kind) {
  return until(`the code stands as ${kind}`, async () => await standing(device) === kind, {
    detail: async () => ({ is: await standing(device), page: await device.see(), text: await device.tab.run(() => document.getElementById('pins')?.innerText), complaints: device.tab.complaints }),
  });
}

/** A device that has pinned what the server serves. */
export async function pinnedDevice(world, options) {
  const device = await world.device(options);
  await device.logsIn();
  await stands(device, 'pinned');
  return device;
}

/** Waits until what a release brings runs. */
export function runs(device) {
  return until('the new code runs', () => ran(device), {
    detail: async () => ({ standing: await standing(device), text: await device.tab.run(() => document.getElementById('pins')?.innerText), complaints: device.tab.complaints }),
  });
}
