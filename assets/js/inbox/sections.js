/** What callers left: opened here with the vault's keys, and nowhere else. */

import { actionButton, own } from '../ui/components.js';
import { make } from '../ui/dom.js';
import { day } from '../ui/relative-time.js';
import { askSure } from '../ui/sure-dialog.js';
import { vault } from '../vault/vault-session.js';
import { openNotes } from './opened.js';
import { watchSeen } from './seen.js';

/**
 * @typedef {import('./opened.js').Note} Note
 * @typedef {import('./opened.js').OpenedNote} OpenedNote
 * @typedef {import('../ui/section.js').Section} Section
 */

/** @type {Record<string, import('../ui/section.js').DrawSection>} */
export const sections = {};

const PAGE = 50;
/** How many pages are shown. */
let pages = 1;
/** Which were new when they were first seen: they stay marked until the section is left. @type {Set<string>} */
const fresh = new Set();
/** Tags that the vault did not know even when it was looked at again. @type {Set<string>} */
const strange = new Set();
/** Which somebody can have read on this screen since the section was entered. @type {Set<string>} */
const seen = new Set();
/** Those of them that the server has yet to be told. @type {Set<string>} */
const unmarked = new Set();
/** Who scrolls sees many, one after the other: they are marked together, after so many milliseconds. */
const GATHERED = 300;
/** How many are marked, or deleted, with one request. */
const MARKED = 100;
const DELETED = 6;
let stopWatching = () => {};

window.addEventListener('hashchange', () => {
  pages = 1;
  fresh.clear();
  seen.clear();
  stopWatching();
});

/** @type {import('../ui/section.js').DrawSection} */
export async function overview(section) {
  const { texts } = section;
  const [{ notes, more }] = await Promise.all([fetchNotes(section), section.vaultAccess.tried()]);
  const headline = texts.say('inbox.title');
  if (notes.length === 0) {
    return { headline, body: [make('p', { class: 'lead' }, texts.say('inbox.detail')), make('p', { class: 'nothing', id: 'inbox-none' }, texts.say('inbox.none'))] };
  }
  await knowTags(notes);
  const content = vault.state === 'open' ? vault.content : null;
  const opened = content && await openNotes(notes, content);
  for (const { id, read } of notes) if (!read) fresh.add(id);
  return {
    headline,
    body: [
      make('p', { class: 'lead' }, texts.say('inbox.detail')),
      opened ? null : locked(section),
      ...(opened ? groups(opened, content).map(({ label, notes }) => make('section', { class: 'group' },
        make('h2', {}, own(label || texts.say('owner.unnamed'))), list(notes.map((note) => item(note, label, section))))) : [list(notes.map((note) => item(note, '', section)))]),
      more ? actionButton(texts.say('inbox.older'), { id: 'inbox-older', kind: 'button plain wide' }, () => {
        pages += 1;
        return section.again();
      }) : null,
      opened && opened.length > 1 ? actionButton(texts.say(more ? 'inbox.clear.read' : 'inbox.clear'), { id: 'inbox-clear', kind: 'button plain danger wide' },
        () => (more ? clearRead(section) : clear(notes, section))) : null,
    ],
    drawn: () => opened && markWhenSeen(notes, section),
  };
}

/** @param {Section} section @returns {Promise<{notes: Note[], more: boolean}>} */
async function fetchNotes({ ask }) {
  /** By their ids: while pages are fetched, others may be deleted, and the same one come twice. @type {Map<string, Note>} */
  const notes = new Map();
  let next = null;
  for (let page = 0; page < pages; page += 1) {
    const answer = await ask('GET', `/api/v1/notes?limit=${PAGE}${next ? `&before=${encodeURIComponent(next)}` : ''}`);
    for (const note of answer.notes) notes.set(note.id, note);
    next = answer.next;
    if (next === null) break;
  }
  return { notes: [...notes.values()], more: next !== null };
}

/** Another device may have made a sticker since this one looked into the vault. @param {Note[]} notes */
async function knowTags(notes) {
  const unknown = notes.filter(({ tagId }) => vault.content && !Object.prototype.hasOwnProperty.call(vault.content.tags, tagId) && !strange.has(tagId));
  if (unknown.length === 0) return;
  for (const { tagId } of unknown) strange.add(tagId);
  await vault.refresh();
}

/** @param {OpenedNote[]} notes @param {import('../e2e/vault.js').VaultContent} content */
function groups(notes, { tags }) {
  /** @type {Map<string, OpenedNote[]>} */
  const of = new Map();
  for (const note of notes) of.set(note.tagId, [...of.get(note.tagId) ?? [], note]);
  return [...of].map(([id, notes]) => ({ label: Object.prototype.hasOwnProperty.call(tags, id) ? tags[id].label : '', notes }));
}

/** @param {HTMLElement[]} items */
const list = (items) => make('ul', { class: 'items' }, ...items);

/** @param {Note & {text?: string|null}} note @param {string} label @param {Section} section */
function item({ id, minute, text, expiresAt }, label, section) {
  const { texts } = section;
  const date = texts.date(new Date(minute * 60_000).toISOString());
  const state = text === undefined ? 'locked' : text === null ? 'unreadable' : text.trim() === '' ? 'empty' : 'open';
  const about = [label, date].filter(Boolean).join(', ');
  return make('li', { class: 'item letter', 'data-note': id, 'data-state': state },
    make('div', {},
      make('p', { class: 'when' }, make('time', { datetime: new Date(minute * 60_000).toISOString() }, date),
        fresh.has(id) ? make('span', { class: 'badge' }, texts.say('inbox.new')) : null),
      typeof text === 'string' && state === 'open' ? make('p', { class: 'words', dir: 'auto' }, text) : make('p', { class: 'sealed' }, texts.say(`inbox.${state}`)),
      make('p', { class: 'until' }, texts.say('inbox.until', { date: day(expiresAt, texts.language) }))),
    actionButton(texts.say('inbox.delete'), { id: `delete-${id}`, kind: 'quiet danger', name: `${texts.say('inbox.delete')}: ${about}` }, () => section.act(async () => {
      if (!(await askSure(texts.say('inbox.delete.sure'), texts.say('inbox.delete'), texts))) return;
      await remove(id, section);
      await section.again();
    })));
}

/** @param {string} id @param {Section} section */
async function remove(id, section) {
  await section.ask('DELETE', `/api/v1/notes/${id}`).catch((error) => {
    // Another device was faster.
    if (error.code !== 'no-such-note') throw error;
  });
}

/** @param {Section} section */
function locked({ texts, vaultAccess, again }) {
  return make('section', { class: 'card form' }, make('p', {}, texts.say(vault.state === 'locked' ? 'inbox.unlock.detail' : 'inbox.not-open')),
    actionButton(texts.say('inbox.unlock'), { id: 'inbox-unlock', kind: 'button', icon: 'key' }, async () => {
      if (await vaultAccess.unlock()) await again();
    }));
}

/** Those alone that are listed now and that somebody has opened: none goes that comes while the question stands. @param {Note[]} notes @param {Section} section */
function clear(notes, section) {
  const ids = notes.filter(({ id, read }) => read || seen.has(id)).map(({ id }) => id);
  return section.act(async () => {
    if (!(await askSure(section.texts.say('inbox.clear.sure'), section.texts.say('inbox.clear'), section.texts))) return;
    for (let at = 0; at < ids.length; at += DELETED) await Promise.all(ids.slice(at, at + DELETED).map((id) => remove(id, section)));
    await section.again();
  });
}

/** Where there are more than are listed. @param {Section} section */
function clearRead(section) {
  const { texts } = section;
  return section.act(async () => {
    if (!(await askSure(texts.say('inbox.clear.read.sure'), texts.say('inbox.clear.read'), texts))) return;
    // Those that were seen here a moment ago, too.
    await mark(section);
    await section.ask('DELETE', '/api/v1/notes?read=true');
    pages = 1;
    await section.again();
  });
}

/** @param {Note[]} notes @param {Section} section */
function markWhenSeen(notes, section) {
  stopWatching();
  const unread = new Set(notes.filter(({ read }) => !read).map(({ id }) => id));
  /** @type {Map<Element, string>} */
  const items = new Map();
  for (const item of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll('#room-body .letter'))) {
    const id = item.dataset.note ?? '';
    if (unread.has(id)) items.set(item, id);
  }
  stopWatching = watchSeen(items, (ids) => {
    if (unmarked.size === 0) window.setTimeout(() => void mark(section), GATHERED);
    for (const id of ids) {
      seen.add(id);
      unmarked.add(id);
    }
  });
}

/** What is not marked now is marked when it is drawn again. @param {Section} section */
async function mark(section) {
  const ids = [...unmarked];
  unmarked.clear();
  for (let at = 0; at < ids.length; at += MARKED) await section.ask('POST', '/api/v1/notes/read', { notes: ids.slice(at, at + MARKED) }).catch(() => null);
}
