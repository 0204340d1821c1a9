import { expect, test } from 'vitest';
import type { PublicRecord } from './encode-records.ts';
import type { LogFields } from '../observation/logger.ts';
import { WithheldLog } from './withheld-log.ts';
import type { WithheldKey, WithheldRequest } from '../withheld.ts';

const KEY = { topic: 'orders', tenant: 'acme', stream: 'orders.order-jane@example.org' } as WithheldKey;
const EVENT = { ...KEY, type: 'orders.order.placed', id: 'e-1', streamVersion: 3n } as PublicRecord;
const REQUEST: WithheldRequest = { kind: 'redrive', by: 'ops', at: new Date(0) };

function logging() {
  const said: (readonly [level: string, message: string, fields: LogFields])[] = [];
  const saying = (level: string) => (message: string, fields: LogFields) => void said.push([level, message, fields]);
  const logger = { debug: saying('debug'), info: saying('info'), warn: saying('warn'), error: saying('error') };
  const clock = { now: 0 };
  return { said, clock, log: new WithheldLog(logger, () => clock.now) };
}

test('what is withheld is said at once, then once a minute for each topic and cause, however many keys it concerns', () => {
  const { said, clock, log } = logging();
  const cause = { code: 'LF_RECORD_REFUSED', text: 'the broker says MESSAGE_TOO_LARGE' };
  for (; clock.now < 120_000; clock.now += 1_000) log.refused(EVENT, cause);
  log.refused({ ...EVENT, topic: 'bills' }, cause);
  expect(said).toMatchObject([
    ['error', expect.stringMatching(/orders.*withheld.*MESSAGE_TOO_LARGE.*redrive/), { version: '3', suppressed: 0 }],
    ['error', expect.any(String), { suppressed: 59 }],
    ['error', expect.stringContaining('bills'), { suppressed: 0 }],
  ]);
  expect(JSON.stringify(said)).not.toContain('jane');
});
test('the end of a redrive is said, and that something was refused again; steps between are not', () => {
  const { said, log } = logging();
  log.settled(KEY, REQUEST, { settled: 200, next: 5n as never });
  log.settled(KEY, REQUEST, { settled: 3, next: undefined });
  log.settled(KEY, REQUEST, { settled: 0, next: 5n as never });
  expect(said).toMatchObject([
    ['info', expect.stringContaining('no longer withheld'), { events: 3, request: 'redrive', by: 'ops' }],
    ['error', expect.stringContaining('refused again'), { version: '5' }],
  ]);
  expect(() => new WithheldLog(undefined).settled(KEY, REQUEST, { settled: 3, next: undefined })).not.toThrow();
});
