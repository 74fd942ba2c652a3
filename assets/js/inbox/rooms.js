/** What callers left: opened here with the vault's keys, and nowhere else. */

import { askSure } from '../admin/sure-view.js';
import { make } from '../dom.js';
import { vault } from '../owner/household-vault.js';
import { actionButton, own } from '../parts.js';
import { day } from '../when.js';
import { openNotes } from './opened.js';
import { watchSeen } from './seen.js';

/**
 * @typedef {import('./opened.js').Note} Note
 * @typedef {import('./opened.js').OpenedNote} OpenedNote
 * @typedef {import('../owner/rooms-view.js').Room} Room
 */

/** @type {Record<string, import('../owner/rooms-view.js').DrawRoom>} */
export const rooms = {};

const PAGE = 50;
/** How many pages are shown. */
let pages = 1;
/** Which were new when they were first seen: they stay marked until the room is left. @type {Set<string>} */
const fresh = new Set();
/** Tags that the vault did not know even when it was looked at again. @type {Set<string>} */
const strange = new Set();
/** Which somebody can have read on this screen since the room was entered. @type {Set<string>} */
const seen = new Set();
/** Those of them that the server has yet to be told. @type {Set<string>} */
const unmarked = new Set();
/** Who scrolls sees many, one after the other: they are marked together, after so many milliseconds. */
const GATHERED = 300;
/** So many are marked with one request, and so many deleted at a time. */
const MARKED = 100;
const DELETED = 6;
let stopWatching = () => {};

window.addEventListener('hashchange', () => {
  pages = 1;
  fresh.clear();
  seen.clear();
  stopWatching();
});

/** @type {import('../owner/rooms-view.js').DrawRoom} */
export async function home(room) {
  const { texts } = room;
  const [{ notes, more }] = await Promise.all([fetchNotes(room), room.vaultDoor.tried()]);
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
      opened ? null : locked(room),
      ...(opened ? groups(opened, content).map(({ label, notes }) => make('section', { class: 'group' },
        make('h2', {}, own(label || texts.say('owner.unnamed'))), list(notes.map((note) => item(note, label, room))))) : [list(notes.map((note) => item(note, '', room)))]),
      more ? actionButton(texts.say('inbox.older'), { id: 'inbox-older', kind: 'button plain wide' }, () => {
        pages += 1;
        return room.again();
      }) : null,
      opened && opened.length > 1 ? actionButton(texts.say(more ? 'inbox.clear.read' : 'inbox.clear'), { id: 'inbox-clear', kind: 'button plain danger wide' },
        () => (more ? clearRead(room) : clear(notes, room))) : null,
    ],
    drawn: () => opened && markWhenSeen(notes, room),
  };
}

/** @param {Room} room @returns {Promise<{notes: Note[], more: boolean}>} */
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
  const unknown = notes.filter(({ tagId }) => vault.content && !Object.hasOwn(vault.content.tags, tagId) && !strange.has(tagId));
  if (unknown.length === 0) return;
  for (const { tagId } of unknown) strange.add(tagId);
  await vault.refresh();
}

/** @param {OpenedNote[]} notes @param {import('../e2e/vault.js').VaultContent} content */
function groups(notes, { tags }) {
  /** @type {Map<string, OpenedNote[]>} */
  const of = new Map();
  for (const note of notes) of.set(note.tagId, [...of.get(note.tagId) ?? [], note]);
  return [...of].map(([id, notes]) => ({ label: Object.hasOwn(tags, id) ? tags[id].label : '', notes }));
}

/** @param {HTMLElement[]} items */
const list = (items) => make('ul', { class: 'items' }, ...items);

/** @param {Note & {text?: string|null}} note @param {string} label @param {Room} room */
function item({ id, minute, text, expiresAt }, label, room) {
  const { texts } = room;
  const date = texts.date(new Date(minute * 60_000).toISOString());
  const state = text === undefined ? 'locked' : text === null ? 'unreadable' : text.trim() === '' ? 'empty' : 'open';
  const about = [label, date].filter(Boolean).join(', ');
  return make('li', { class: 'item letter', 'data-note': id, 'data-state': state },
    make('div', {},
      make('p', { class: 'when' }, make('time', { datetime: new Date(minute * 60_000).toISOString() }, date),
        fresh.has(id) ? make('span', { class: 'badge' }, texts.say('inbox.new')) : null),
      typeof text === 'string' && state === 'open' ? make('p', { class: 'words', dir: 'auto' }, text) : make('p', { class: 'sealed' }, texts.say(`inbox.${state}`)),
      make('p', { class: 'until' }, texts.say('inbox.until', { date: day(expiresAt, texts.language) }))),
    actionButton(texts.say('inbox.delete'), { id: `delete-${id}`, kind: 'quiet danger', name: `${texts.say('inbox.delete')}: ${about}` }, () => room.act(async () => {
      if (!(await askSure(texts.say('inbox.delete.sure'), texts.say('inbox.delete'), texts))) return;
      await remove(id, room);
      await room.again();
    })));
}

/** @param {string} id @param {Room} room */
async function remove(id, room) {
  await room.ask('DELETE', `/api/v1/notes/${id}`).catch((error) => {
    // Another device was faster.
    if (error.code !== 'no-such-note') throw error;
  });
}

/** @param {Room} room */
function locked({ texts, vaultDoor, again }) {
  return make('section', { class: 'card form' }, make('p', {}, texts.say(vault.state === 'locked' ? 'inbox.unlock.detail' : 'inbox.not-open')),
    actionButton(texts.say('inbox.unlock'), { id: 'inbox-unlock', kind: 'button', icon: 'key' }, async () => {
      if (await vaultDoor.unlock()) await again();
    }));
}

/** Those alone that are listed now and that somebody has opened: none goes that comes while the question stands. @param {Note[]} notes @param {Room} room */
function clear(notes, room) {
  const ids = notes.filter(({ id, read }) => read || seen.has(id)).map(({ id }) => id);
  return room.act(async () => {
    if (!(await askSure(room.texts.say('inbox.clear.sure'), room.texts.say('inbox.clear'), room.texts))) return;
    for (let at = 0; at < ids.length; at += DELETED) await Promise.all(ids.slice(at, at + DELETED).map((id) => remove(id, room)));
    await room.again();
  });
}

/** Where there are more than are listed. @param {Room} room */
function clearRead(room) {
  const { texts } = room;
  return room.act(async () => {
    if (!(await askSure(texts.say('inbox.clear.read.sure'), texts.say('inbox.clear.read'), texts))) return;
    // Those that were seen here a moment ago, too.
    await mark(room);
    await room.ask('DELETE', '/api/v1/notes?read=true');
    pages = 1;
    await room.again();
  });
}

/** @param {Note[]} notes @param {Room} room */
function markWhenSeen(notes, room) {
  stopWatching();
  const unread = new Set(notes.filter(({ read }) => !read).map(({ id }) => id));
  /** @type {Map<Element, string>} */
  const items = new Map();
  for (const item of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll('#room-body .letter'))) {
    const id = item.dataset.note ?? '';
    if (unread.has(id)) items.set(item, id);
  }
  stopWatching = watchSeen(items, (ids) => {
    if (unmarked.size === 0) window.setTimeout(() => void mark(room), GATHERED);
    for (const id of ids) {
      seen.add(id);
      unmarked.add(id);
    }
  });
}

/** What is not marked now is marked when it is drawn again. @param {Room} room */
async function mark(room) {
  const ids = [...unmarked];
  unmarked.clear();
  for (let at = 0; at < ids.length; at += MARKED) await room.ask('POST', '/api/v1/notes/read', { notes: ids.slice(at, at + MARKED) }).catch(() => null);
}
