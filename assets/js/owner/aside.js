/** Puts open dialogs aside while a call rings, and brings them back: a new sticker can be shown only once. */

/** The `returnValue` of a dialog that was not closed by its person. */
export const ASIDE = 'aside';

/** @type {HTMLDialogElement[]} */
const aside = [];

export function putDialogsAside() {
  for (const dialog of document.querySelectorAll('dialog')) {
    if (!dialog.open) continue;
    dialog.close(ASIDE);
    aside.push(dialog);
  }
}

export function bringDialogsBack() {
  for (const dialog of aside.splice(0)) dialog.showModal();
}

/** The person they belonged to has logged out: closes all for good. */
export function dropDialogs() {
  bringDialogsBack();
  for (const dialog of document.querySelectorAll('dialog')) {
    if (dialog.open) dialog.close('');
  }
}
