/** Closes open dialogs while a call rings, and shows them again: a new sticker can be shown only once. */

/** The `returnValue` of a dialog that was not closed by its person. */
export const SUSPENDED = 'suspended';

/** @type {HTMLDialogElement[]} */
const suspended = [];

export function suspendDialogs() {
  for (const dialog of document.querySelectorAll('dialog')) {
    if (!dialog.open) continue;
    dialog.close(SUSPENDED);
    suspended.push(dialog);
  }
}

export function resumeDialogs() {
  for (const dialog of suspended.splice(0)) dialog.showModal();
}

/** The person they belonged to has logged out: closes all for good. */
export function closeDialogs() {
  resumeDialogs();
  for (const dialog of document.querySelectorAll('dialog')) {
    if (dialog.open) dialog.close('');
  }
}
