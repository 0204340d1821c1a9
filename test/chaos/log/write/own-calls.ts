import { setTimeout as pause } from 'node:timers/promises';
import type { KeyChange, StreamAppend } from '@leftfold/core';
import { now } from '../../processes/recorder.ts';
import { eventName, streamName } from './names.ts';
import type { Plan } from './plan.ts';
import type { Writer } from './writer.ts';

/** One stream. */
export async function alone(writer: Writer): Promise<void> {
  await writer.append(writer.scene.store, writer.plan());
}

/** Several streams at once. All of one tenant: an outcome names streams by their ids. */
export async function together(writer: Writer): Promise<void> {
  await writer.append(writer.scene.store, { appends: several(writer) });
}
function several(writer: Writer): readonly StreamAppend[] {
  const [first] = writer.plan().appends as readonly [StreamAppend];
  const streams = new Map(
    [first, ...[1, 2].flatMap(() => writer.plan({ stream: writer.stream(first.stream.tenant) }).appends)].map(
      (append) => [append.stream.id, append],
    ),
  );
  return [...streams.values()];
}

/** Many at one version: exactly one wins. */
export async function race(writer: Writer): Promise<void> {
  const stream = writer.stream();
  const expect = writer.expectation(stream);
  const plans = Array.from({ length: 2 + writer.random.below(6) }, () => writer.plan({ stream, expect }));
  await Promise.all(plans.map((plan) => writer.append(writer.scene.store, plan)));
}

/** More than there are connections, so that they queue up and are grouped. */
export async function burst(writer: Writer): Promise<void> {
  const plans = Array.from({ length: 8 + writer.random.below(24) }, () =>
    writer.random.below(8) === 0 ? { appends: several(writer) } : writer.plan(),
  );
  await Promise.all(plans.map((plan) => writer.append(writer.scene.store, plan)));
}

/** Commands with one key, sent at once and by several processes: one is carried out. Also without events. */
export async function keyed(writer: Writer): Promise<void> {
  const stream = writer.stream();
  const key = `key ${(writer.scene.calls >> 4) + writer.random.below(6)}`;
  const plans = Array.from({ length: 1 + writer.random.below(4) }, (_, i): Plan => {
    const { appends } = writer.plan({ stream });
    const isSilent = writer.random.below(6) === 0;
    const text = `${key} by ${writer.scene.process} ${writer.scene.calls} ${i}`;
    return { appends: isSilent ? [] : appends, reply: { tenant: stream.tenant, key: `${stream.tenant} ${key}`, text } };
  });
  await Promise.all(plans.map((plan) => writer.append(writer.scene.store, plan)));
}

/** Unique keys, taken and given back by streams that want the same ones. */
export async function reserving(writer: Writer): Promise<void> {
  const [append] = writer.plan().appends as readonly [StreamAppend];
  const { stream } = append;
  const values = new Set(
    [1, 2].slice(0, 1 + writer.random.below(2)).map(() => String((writer.scene.calls >> 5) + writer.random.below(3))),
  );
  const keys = [...values].map((value): KeyChange => {
    const change = writer.random.below(3) === 0 ? 'release' : 'reserve';
    return { stream, change, key: ['name', value] };
  });
  const appends = writer.random.below(4) === 0 ? [] : [{ ...append, expect: 'any' as const }];
  // Without events a call names no stream; its keys do.
  await writer.append(writer.scene.store, {
    appends: appends.length === 0 ? [{ ...append, expect: 'any', events: [] }] : appends,
    keys,
  });
}

/** The same call again, a while after its outcome was known, or was not. */
export async function again(writer: Writer): Promise<void> {
  const { sent, store } = writer.scene;
  if (sent.length === 0) return alone(writer);
  const { plan } = writer.random.one(sent);
  await Promise.all(Array.from({ length: 1 + writer.random.below(2) }, () => writer.append(store, plan)));
}

/** Ids that stand in the log already, at another place, alone or among new ones: refused. */
export async function misused(writer: Writer): Promise<void> {
  const { sent, store } = writer.scene;
  const written = sent.filter(({ isWritten, plan }) => isWritten && plan.appends.length > 0);
  const [old] = written.length === 0 ? [] : writer.random.one(written).plan.appends;
  const [used] = old?.events ?? [];
  if (old === undefined || used === undefined) return alone(writer);
  const stream = writer.random.one([old.stream, writer.stream(old.stream.tenant)]);
  const others = writer.random.below(2) === 0 ? [] : [writer.event()];
  const events = [...others, used, writer.event()];
  await writer.append(store, { appends: [{ stream, expect: 'any', events }] });
}

/** An event id belongs to a tenant: another one may use it, too. */
export async function sharedId(writer: Writer): Promise<void> {
  const event = writer.event();
  const appends = ['', 'other'].map((tenant): StreamAppend => ({
    stream: writer.stream(tenant),
    expect: 'any',
    events: [event],
  }));
  await Promise.all(appends.map((append) => writer.append(writer.scene.store, { appends: [append] })));
}

/** Given up while it waits, or just after: written or not, but never other than it says. */
export async function abandoned(writer: Writer): Promise<void> {
  const { random } = writer;
  const plans = Array.from({ length: 4 + random.below(12) }, () => writer.plan());
  await Promise.all(
    plans.map(async (plan) => {
      const controller = new AbortController();
      const appending = writer.append(writer.scene.store, plan, { signal: controller.signal });
      if (random.below(2) === 0) await pause(random.below(4));
      controller.abort();
      await appending;
    }),
  );
}

/** Reads a stream from its beginning. */
export async function reading(writer: Writer): Promise<void> {
  const { store, recorder, known } = writer.scene;
  const stream = writer.stream();
  const began = now();
  const events: (readonly [string, string])[] = [];
  try {
    for await (const page of store.read(stream)) {
      for (const { id, streamVersion } of page) events.push([eventName(stream.tenant, id), String(streamVersion)]);
    }
  } catch {
    // It fails as a whole; nobody takes half a stream for one.
    return;
  }
  known.set(streamName(stream), BigInt(events.length));
  recorder.add({ op: 'read', began, stream: streamName(stream), events });
}
