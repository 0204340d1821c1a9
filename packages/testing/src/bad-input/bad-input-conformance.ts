import assert from 'node:assert/strict';
import { uuidV7 } from '@leftfold/core';
import type { EventInvalid } from '@leftfold/core';
import type { Cursor, Storage } from '@leftfold/subscriptions';
import { conformanceSuite } from '../conformance-case.ts';
import type { ConformanceCase, ConformanceSuite } from '../conformance-case.ts';
import { readSource, recordsOf } from '../log/read-log.ts';
import type { BadInput } from './bad-input.ts';
import { metadataInputs } from './metadata-inputs.ts';
import { HARMLESS_NAMES, nameInputs } from './name-inputs.ts';
import { GOOD, notesIn } from './notes.ts';
import { payloadInputs } from './payload-inputs.ts';
import { placeInputs } from './place-inputs.ts';

/** What an adapter gives the suite. */
export interface BadInputHarness {
  /** The storage; nobody else appends to it while a case runs, so cases run one after the other. With the default limits. */
  readonly storage: () => Storage | Promise<Storage>;
}

/**
 * Everything that has ever got into somebody's log and should not have: refused with its code, the path of the field and what to do; nothing of it is
 * written, neither in its stream nor anywhere in the log; and the next command on the same entity works. Use as `eventStoreConformance`.
 */
export function badInputConformance({ storage }: BadInputHarness): ConformanceSuite {
  const open = async (): Promise<Storage> => storage();
  const inputs = [...payloadInputs, ...nameInputs, ...metadataInputs, ...placeInputs];
  return conformanceSuite([...inputs.map((input) => refusal(open, input)), harmlessNames(open)]);
}

const refusal = (open: () => Promise<Storage>, input: BadInput): ConformanceCase => ({
  title: `${input.what} is refused with ${input.code}, nothing is written, and the next command works`,
  run: async () => {
    const opened = await open();
    const [notes, id] = [notesIn(opened.store), uuidV7()];
    await notes.add(id, GOOD);
    const before = await headOf(opened);

    const fault = await input.attempt({ storage: opened, notes, id }).then(
      () => assert.fail('it was taken'),
      (error: unknown) => error as EventInvalid,
    );
    assert.equal(fault.code, input.code, fault.message);
    assert.equal(fault.retryable, false, 'the same call cannot succeed later');
    if (input.path !== undefined) assert.equal(fault.path, input.path);
    assert.match(fault.message, input.says);

    assert.equal((await notes.add(id, GOOD)).version, 2n);
    assert.equal((await notes.load(id)).state.notes, 2);
    const since = await readSource(opened.log, (read) => recordsOf(read).length > 0, { at: before });
    assert.deepEqual(
      recordsOf(since).map(({ key, streamVersion }) => [key, streamVersion]),
      [[id, 2n]],
    );
  },
});

const harmlessNames = (open: () => Promise<Storage>): ConformanceCase => ({
  title:
    'quotes, %, .., right-to-left marks and emoji in a name are nothing special, and no two of them are one stream',
  run: async () => {
    const { store } = await open();
    const notes = notesIn(store);
    const ids = HARMLESS_NAMES.map((name) => `${uuidV7()} ${name}`);
    for (const [n, id] of ids.entries()) await notes.addMany(id, n + 1);
    for (const [n, id] of ids.entries()) {
      const keys: string[] = [];
      for await (const { stream } of notes.history(id)) keys.push(stream.key);
      assert.deepEqual(
        keys,
        Array.from({ length: n + 1 }, () => id),
      );
    }
  },
});

async function headOf({ log }: Storage): Promise<Cursor> {
  const [head] = (await log.head()).values();
  assert.ok(head !== undefined, 'a log has a lane');
  return head;
}
