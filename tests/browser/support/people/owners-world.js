// What most test files begin with: a world of their own, whose owner has an account.
import { after, afterEach } from 'node:test';
import { Impostor } from '../attacks/impostor.js';
import { World } from './world.js';

/**
 * A world for the tests of one file, whose owner has an account: all pages are closed after each test, everything at the end.
 * @param {Parameters<typeof World.open>[0]} [options]
 */
export async function ownersWorld(options) {
  const world = await World.open(options);
  after(() => world.close());
  afterEach(() => world.clear());
  await world.register();
  return world;
}

/** The same, and an impostor before the server, who lets it speak for itself again after each test. */
export async function impostorsWorld() {
  const world = await ownersWorld({ guarded: true });
  const impostor = await Impostor.open(world);
  after(() => impostor.close());
  afterEach(() => impostor.retire());
  return { world, impostor };
}
