// How long pages take to open, by a network as it is in the street and by none; and what the guard of an owner's pages costs.
import { launchChromium } from './browsers/chromium.js';
import { keyedSticker } from './people/keyed.js';
import { Line } from './browsers/line.js';
import { Caller, Owner } from './people/person.js';
import { stands } from './people/pinned.js';
import { TONES } from './browsers/tones.js';

/** 400 ms there and back, 400 kbit/s: a street corner. */
const STREET = { delay: 200, rate: 400_000 };
/** What no page on a new connection can do without: TCP, TLS, the page, and the files that it names. */
const ROUND_TRIPS = 4;

/**
 * Milliseconds from the beginning of the navigation to the state in which the page can be used: name -> samples.
 * @param {import('./server.js').Server} server @param {string} bearer @param {{username: string, password: string}} account @param {number} runs
 */
export async function measureOpening(server, bearer, account, runs) {
  const line = await Line.open({ name: 'bench', at: '127.0.0.1', from: '127.0.0.1' });
  line.connectTo({ host: '127.0.0.1', port: server.port });
  const origin = `https://127.0.0.1:${line.port}`;
  const browser = await launchChromium({ name: 'unused.test', at: '127.0.0.1', ca: await server.authority(), tone: TONES.owner });
  const { url } = await keyedSticker({ server, bearer, watchSticker: () => {} });
  const scanned = `${origin}/c${new URL(url).hash}`;
  const samples = {};
  const sample = (name, value) => (samples[name] ??= []).push(value);

  // The first run warms the browser up and is not counted.
  for (let run = -1; run < runs; run += 1) {
    for (const [network, where] of [[null, 'no network between'], [STREET, 'in the street']]) {
      line.slowDown(network);
      const profile = await browser.profile();
      const caller = new Caller(await profile.tab());
      const before = line.bytes.https;
      const took = await opens(caller, scanned, 'ready');
      const bytes = line.bytes.https - before;
      line.slowDown(network);
      const again = await opens(caller, scanned, 'ready');
      const device = new Owner(await profile.tab());
      line.slowDown(network);
      const login = await opens(device, `${origin}/`, 'login');
      await profile.close();
      if (run < 0) continue;
      sample(`scanned to Call, ${where}`, took);
      if (network) sample('what the network alone takes of that', ROUND_TRIPS * 2 * STREET.delay + (bytes * 8 * 1000) / STREET.rate);
      sample(`scanned again to Call, ${where}`, again);
      sample(`first visit to log-in, ${where}`, login);
    }
  }

  line.slowDown(null);
  const world = { origin, owner: account };
  const devices = await Promise.all(['block', 'allow'].map(async (serviceWorkers) => {
    const profile = await browser.profile({ serviceWorkers });
    const device = Object.assign(new Owner(await profile.tab()), { world });
    await device.logsIn();
    if (serviceWorkers === 'allow') await stands(device, 'pinned');
    return device;
  }));
  const [free, guarded] = devices;
  const guard = await guarded.tab.cdp();
  await guard.send('ServiceWorker.enable');
  // By turns: the machine's moods hit both. The guard is asleep, as it is when an owner opens the page in the morning.
  for (let run = -1; run < runs; run += 1) {
    const without = await opens(free, `${origin}/`, 'home');
    await guarded.tab.page.goto('about:blank');
    await guard.send('ServiceWorker.stopAllWorkers');
    const asleep = await opens(guarded, `${origin}/`, 'home');
    const awake = await opens(guarded, `${origin}/`, 'home');
    if (run < 0) continue;
    sample('owner\'s home, from the browser\'s cache', without);
    sample('owner\'s home, pinned', awake);
    sample('owner\'s home, pinned, the guard asleep', asleep);
    sample('what the pins add', awake - without);
  }
  await browser.close();
  await line.close();
  return samples;
}

/** Opens the address and waits until the page comes to this state. */
async function opens(person, address, state) {
  const { page } = person.tab;
  await page.goto('about:blank');
  await page.addInitScript(watchState);
  await page.goto(address, { waitUntil: 'commit' });
  await person.comesTo(state);
  return person.tab.run((wanted) => window.__states[wanted], state);
}

/** In the page: notes when it came to each state, in milliseconds since the navigation began. */
function watchState() {
  if (window.__states) return;
  const states = (window.__states = {});
  const look = () => {
    const state = document.body?.dataset.state;
    if (state) states[state] ??= performance.now();
  };
  new MutationObserver(look).observe(document, { subtree: true, childList: true, attributes: true, attributeFilter: ['data-state'] });
}
