/** Where a caller writes a note, above the page. Loaded when somebody wants to. */

import { Mismatch } from '../e2e/proof/proof.js';
import { ApiError } from '../net/api.js';
import { icon, make, setText } from '../ui/dom.js';
import { loadTexts } from '../ui/i18n.js';
import { language } from '../ui/language.js';
import { keepDraft, recallDraft } from './draft.js';
import { MAX_CHARACTERS, NoteSender, lengthOf } from './note.js';

/** From here on a screen reader is told how many characters are left. */
const FEW_LEFT = 50;

/** With at least this many characters left, the screen shows no count. */
const PLENTY = 200;

/**
 * @param {{fragment: string, identity: string, title: string}} setting `title`: what the owner says to callers
 * @returns {Promise<void>} when the person is done with it
 * @throws when what it takes could not be loaded
 */
export async function writeNote({ fragment, identity, title }) {
  const [texts] = await Promise.all([loadTexts(['note'], language()), loadStyle()]);
  if (document.getElementById('note-dialog')) return;
  const sender = new NoteSender(fragment, identity);
  const headline = make('h2', { id: 'note-headline', tabindex: '-1' }, texts.say('note.headline'));
  const field = make('textarea', {
    id: 'note-text', dir: 'auto', rows: '5', autocomplete: 'off', autofocus: true, 'aria-describedby': 'note-help note-left',
  });
  const left = make('p', { id: 'note-left' });
  const spoken = make('p', { class: 'spoken', role: 'status' });
  const problem = make('p', { id: 'note-problem', role: 'alert', hidden: true });
  const send = make('button', { id: 'note-send', class: 'button' }, icon('note'), make('span', {}, texts.say('note.send')));
  const cancel = make('button', { id: 'note-cancel', class: 'button plain', type: 'button' }, texts.say('note.cancel'));
  const form = make('form', { novalidate: true }, headline,
    title ? make('p', { class: 'to' }, make('bdi', {}, title)) : null,
    make('label', { class: 'spoken', for: 'note-text' }, texts.say('note.text')), field, left, spoken,
    make('p', { id: 'note-help' }, texts.say('note.help')), problem,
    make('div', { class: 'buttons' }, send, cancel));
  const dialog = make('dialog', { id: 'note-dialog', 'aria-labelledby': 'note-headline' }, form);
  let sending = false;

  field.value = recallDraft(fragment);
  count();
  field.addEventListener('input', () => {
    keepDraft(fragment, field.value);
    count();
  });
  cancel.addEventListener('click', () => closeDialog(dialog));
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    void submit();
  });
  document.body.append(dialog);
  showDialog(dialog);
  field.setSelectionRange(field.value.length, field.value.length);
  await new Promise((done) => dialog.addEventListener('close', () => {
    dialog.remove();
    done(null);
  }));

  function count() {
    const n = MAX_CHARACTERS - lengthOf(field.value.trim());
    setText(left, texts.say(n < 0 ? 'note.over' : 'note.left', { n: Math.abs(n) }));
    left.classList.toggle('over', n < 0);
    left.toggleAttribute('data-plenty', n > PLENTY);
    setText(spoken, n > FEW_LEFT ? '' : left.textContent ?? '');
    // What was wrong with the text is right now.
    if (n >= 0 && field.value.trim() !== '' && field.hasAttribute('aria-invalid')) {
      field.removeAttribute('aria-invalid');
      show('');
    }
  }

  async function submit() {
    if (sending) return;
    const text = field.value.trim();
    const over = lengthOf(text) - MAX_CHARACTERS;
    if (text === '') return complain(texts.say('note.error.empty'));
    if (over > 0) return complain(texts.say('note.error.long', { n: over }));
    begin(true);
    try {
      const keptUntil = await sender.send(text);
      keepDraft(fragment, '');
      thank(keptUntil);
    } catch (error) {
      begin(false);
      show(words(error, texts));
    }
  }

  /** What is wrong with the text itself. @param {string} words */
  function complain(words) {
    show(words);
    field.setAttribute('aria-invalid', 'true');
    field.focus();
  }

  /** @param {boolean} on */
  function begin(on) {
    sending = on;
    field.readOnly = on;
    // Not disabled: the focus stays on it.
    send.setAttribute('aria-disabled', String(on));
    setText(send.lastElementChild ?? send, texts.say(on ? 'note.sending' : 'note.send'));
    setText(spoken, on ? texts.say('note.sending') : '');
    if (on) show('');
  }

  /** @param {string} words */
  function show(words) {
    problem.hidden = words === '';
    setText(problem, words);
    problem.scrollIntoView({ block: 'nearest' });
  }

  /** @param {string} keptUntil */
  function thank(keptUntil) {
    const close = make('button', { id: 'note-close', class: 'button', type: 'button' }, texts.say('note.close'));
    close.addEventListener('click', () => closeDialog(dialog));
    setText(headline, texts.say('note.done'));
    dialog.dataset.state = 'done';
    dialog.replaceChildren(make('div', { class: 'done' }, make('span', { class: 'tick', 'aria-hidden': 'true' }, icon('done')), headline,
      make('p', { id: 'note-done-detail', role: 'status' }, texts.say('note.done.detail', { date: texts.date(keptUntil) })),
      make('div', { class: 'buttons' }, close)));
    headline.focus();
  }
}

/** @param {unknown} error @param {import('../ui/i18n.js').Texts} texts */
function words(error, texts) {
  if (error instanceof Mismatch) return texts.say('note.error.mismatch');
  if (!(error instanceof ApiError)) return texts.say('note.error.server');
  if (error.status === 0) return texts.say('note.error.offline');
  if (error.status === 429 || error.status === 503) return texts.say('note.error.wait', { wait: texts.duration(error.retryAfter ?? 30) });
  if (error.code === 'inbox-full') return texts.say('note.error.full');
  if (error.code === 'clock-differs') return texts.say('note.error.clock');
  if (error.status === 404 || error.status === 409) return texts.say('note.error.gone');
  return texts.say('note.error.server');
}

/** @returns {Promise<unknown>} */
async function loadStyle() {
  if (document.getElementById('note-style')) return null;
  const link = make('link', { id: 'note-style', rel: 'stylesheet', href: new URL('../../css/note.css', import.meta.url).href });
  document.head.append(link);
  return new Promise((done, fail) => {
    link.addEventListener('load', done);
    link.addEventListener('error', () => {
      link.remove();
      fail(new Error('no style'));
    });
  });
}

/** Callers may have a browser without dialogs: it shows the form all the same. @param {HTMLDialogElement} dialog */
function showDialog(dialog) {
  if (dialog.showModal) dialog.showModal();
  else dialog.setAttribute('open', '');
}

/** @param {HTMLDialogElement} dialog */
function closeDialog(dialog) {
  if (dialog.close) dialog.close();
  else dialog.dispatchEvent(new Event('close'));
}
