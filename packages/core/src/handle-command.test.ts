import { expect, test } from 'vitest';
import { handleCommand } from './handle-command.ts';
import type { CommandStream, Loaded } from './handle-command.ts';
import type { StreamVersion } from './message.ts';

/** A counter that somebody else changes before the first `conflicts` appends. */
function counter(conflicts: number) {
  let value = 0;
  let left = conflicts;
  const stream: CommandStream<Loaded<number>, number, string> = {
    id: 'counters-1',
    load: async () => ({ state: value, version: BigInt(value) as StreamVersion }),
    append: async (seen, next) => {
      if (left-- > 0) value += 10;
      if (seen.state !== value) return undefined;
      value = next;
      return `stands at ${next}`;
    },
  };
  return { stream, value: () => value };
}
const atOnce = async (): Promise<void> => {};

test('a command is decided on the state and recorded at its version', async () => {
  const { stream, value } = counter(0);
  await expect(handleCommand(stream, (n) => n + 1, 3, atOnce)).resolves.toEqual({
    decision: 1,
    written: 'stands at 1',
  });
  expect(value()).toBe(1);
});
test('after a conflict the state is loaded again and the decision made anew', async () => {
  const { stream } = counter(2);
  const seen: number[] = [];
  const decide = (n: number): number => (seen.push(n), n + 1);
  await expect(handleCommand(stream, decide, 3, atOnce)).resolves.toMatchObject({ written: 'stands at 21' });
  expect(seen).toEqual([0, 10, 20]);
});
test('when the stream changed during every attempt, the command says so and can be tried again', async () => {
  const { stream, value } = counter(3);
  await expect(handleCommand(stream, (n) => n + 1, 3, atOnce)).rejects.toMatchObject({
    code: 'LF_CONCURRENCY_EXHAUSTED',
    retryable: true,
    attempts: 3,
  });
  expect(value()).toBe(30);
});
test('the pause before each further attempt may be twice as long, up to a quarter of a second', async () => {
  const pauses: number[] = [];
  await handleCommand(
    counter(9).stream,
    (n) => n,
    10,
    async (upToMs) => void pauses.push(upToMs),
  );
  expect(pauses).toEqual([4, 8, 16, 32, 64, 128, 250, 250, 250]);
});
