/** What somebody with an invite is told first: pure. */

/**
 * @typedef {{failed: import('../net/api.js').ApiError}} Failed
 * @typedef {'household'|'owner'|'anybody'|'used'|'damaged'|'no-token'|'not-open'|'setup'|'unreachable'|'busy'} Key names the texts
 * @typedef {{state: 'open'|'closed', key: Key, wait: number}} Welcome `wait` in seconds, for `busy`
 */

/**
 * @param {{registration?: string} | Failed} server
 * @param {boolean} invited whether the link carried a token
 * @param {{valid: boolean, kind?: 'household'|'owner'} | Failed | null} invite
 * @returns {Welcome}
 */
export function welcome(server, invited, invite) {
  for (const answer of [server, invite]) {
    if (!answer || !('failed' in answer)) continue;
    const { status, retryAfter } = answer.failed;
    // A link that the server cannot even read is one that it does not know.
    if (status >= 400 && status < 500 && status !== 429) return closed('used');
    if (status === 429 || status === 503) return { state: 'closed', key: 'busy', wait: retryAfter ?? 30 };
    return closed('unreachable');
  }
  const registration = 'failed' in server ? '' : server.registration;
  if (registration === 'setup') return closed('setup');
  if (invited) {
    if (!invite || 'failed' in invite || !invite.valid) return closed('used');
    return { state: 'open', key: invite.kind === 'owner' ? 'owner' : 'household', wait: 0 };
  }
  if (registration === 'open') return { state: 'open', key: 'anybody', wait: 0 };
  return closed(registration === 'closed' ? 'not-open' : 'no-token');
}

/** @param {Key} key @returns {Welcome} */
function closed(key) {
  return { state: 'closed', key, wait: 0 };
}
