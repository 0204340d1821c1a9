import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { carryOut } from './duty.ts';
import { isRunning } from './process-group.ts';
import { until } from './until.ts';

test('processes end, commands run the last taken first, folders go last; one that fails stops none', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'leftfold-duty-'));
  const order = join(tmpdir(), `${folder.split('/').at(-1)}-order`);
  const child = spawn('sleep', ['600'], { detached: true });
  await once(child, 'spawn');
  const pid = child.pid ?? 0;
  const note = (what: string): [string, ...string[]] => [
    'sh',
    '-c',
    `ls ${folder} >> ${order}; echo ${what} >> ${order}`,
  ];
  writeFileSync(join(folder, 'data'), '');

  await carryOut([
    { kind: 'folder', path: folder },
    { kind: 'command', argv: note('first') },
    { kind: 'command', argv: ['no-such-program-anywhere'] },
    { kind: 'process', pid, signal: 'SIGTERM' },
    { kind: 'command', argv: note('second') },
    { kind: 'folder', path: order.replace('-order', '-none') },
  ]);
  expect(isRunning(pid)).toBe(false);
  expect(existsSync(folder)).toBe(false);
  expect(readFileSync(order, 'utf8').split('\n')).toEqual(['data', 'second', 'data', 'first', '']);
  rmSync(order);
});

test('a process that ignores the signal is killed', async () => {
  const child = spawn('sh', ['-c', 'trap "" TERM; echo ready; while :; do sleep 1; done'], { detached: true });
  await once(child.stdout, 'data');
  const pid = child.pid ?? 0;
  await carryOut([{ kind: 'process', pid, signal: 'SIGTERM' }], 100);
  // On a busy machine it may be gone a moment after the wait for it is.
  expect(await until(() => (isRunning(pid) ? undefined : true), { withinMs: 10_000 })).toBe(true);
});
