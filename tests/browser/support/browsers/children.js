// Programs that a test starts end with it, however it ends.

const children = new Set();
process.once('exit', () => {
  for (const child of children) child.kill('SIGKILL');
});

/**
 * @template {import('node:child_process').ChildProcess} Child
 * @param {Child} child
 * @returns {Child}
 */
export function endWithUs(child) {
  children.add(child);
  child.once('exit', () => children.delete(child));
  return child;
}
