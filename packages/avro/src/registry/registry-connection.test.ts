import { expect, test } from 'vitest';
import type { Agent } from 'undici';
import { RegistryConnection } from './registry-connection.ts';
import { registryAddress } from './registry-options.ts';

const address = registryAddress({ url: 'http://127.0.0.1:9', timeoutMs: 100 });
const question = { method: 'GET', path: '/subjects' } as const;

/** An agent that does this with questions. */
const agent = (request: () => Promise<unknown>) =>
  ({ request, close: () => new Promise(() => {}) }) as unknown as Pick<Agent, 'request' | 'close'>;

test('A7 a question that its client loses ends within the time-out all the same, and the next one does not queue behind it', async () => {
  const made: string[] = [];
  const losing = agent(() => new Promise(() => {}));
  const sound = agent(async () => ({ statusCode: 200, headers: {}, body: [Buffer.from('["a.B"]')] }));
  const connection = new RegistryConnection(address, () => {
    made.push('agent');
    return made.length === 1 ? losing : sound;
  });
  const both = await Promise.allSettled([connection.ask(question), connection.ask(question)]);
  for (const one of both)
    expect(one).toMatchObject({
      reason: { code: 'LF_REGISTRY_UNAVAILABLE', message: expect.stringMatching(/100 ms/) },
    });
  expect(await connection.ask(question)).toEqual({ kind: 'found', json: ['a.B'] });
  expect(made).toHaveLength(2);
});
