import type { StreamVersion } from '@leftfold/core';
import { Client } from 'pg';
import { streamName } from './names.ts';
import type { Writer } from './writer.ts';

const sleep = (seconds: number): string => `select pg_sleep(${seconds.toFixed(3)})`;
/** Gives a transaction its id before it appends. */
const takeId = 'insert into other values (1)';
const oneIn = (n: number, writer: Writer): boolean => writer.random.below(n) === 0;
const end = (writer: Writer): 'commit' | 'rollback' => (oneIn(5, writer) ? 'rollback' : 'commit');

/** One that writes elsewhere first, so that its id is older than its events. */
export async function early(writer: Writer): Promise<void> {
  await writer.transaction(
    async (client, append) => {
      await client.query(takeId);
      await client.query(sleep(writer.random.fraction() * 0.01));
      for (let i = 0; i <= writer.random.below(3); i++) await append(writer.plan());
    },
    { end: end(writer) },
  );
}

/** One that goes on after a conflict, with what it did before. */
export async function persevering(writer: Writer): Promise<void> {
  await writer.transaction(
    async (_, append) => {
      const stream = writer.stream();
      await append(writer.plan({ stream, expect: 'any' }));
      await append(writer.plan({ stream, expect: 'absent' }));
      if (oneIn(2, writer)) await append(writer.plan({ stream, expect: 'any' }));
    },
    { end: end(writer) },
  );
}

/** Savepoints, parts rolled back; now and then more than the 64 that a backend keeps track of in shared memory. */
export async function savepoints(writer: Writer): Promise<void> {
  const { recorder } = writer.scene;
  await writer.transaction(
    async (client, append) => {
      if (oneIn(2, writer)) await client.query(takeId);
      for (let i = 0; i < writer.random.one([2, 3, 3, 70]); i++) {
        await client.query('savepoint s');
        if (i < 3) await append(writer.plan({ events: 1 }));
        else await client.query(takeId);
        if (!oneIn(3, writer)) continue;
        await client.query('rollback to s');
        if (i < 3) recorder.add({ op: 'undo', calls: [writer.lastCall] });
      }
      await append(writer.plan());
    },
    { end: end(writer) },
  );
}

/** Open for long. */
export async function long(writer: Writer): Promise<void> {
  await writer.transaction(async (client, append) => {
    if (oneIn(2, writer)) await client.query(takeId);
    await client.query(sleep(0.05 + writer.random.fraction() * 0.3));
    await append(writer.plan({ expect: 'any' }));
    await client.query(sleep(0.02));
  });
}

/** With a snapshot of its own. */
export async function isolated(writer: Writer): Promise<void> {
  const level = writer.random.one(['repeatable read', 'serializable']);
  await writer.transaction(
    async (client, append) => {
      await client.query('select count(*) from other');
      await append(writer.plan());
      if (oneIn(2, writer)) await append(writer.plan());
    },
    { begin: `begin isolation level ${level}`, end: end(writer) },
  );
}

/** Ended from outside between two appends. */
export async function terminated(writer: Writer): Promise<void> {
  await writer.transaction(async (client, append) => {
    await append(writer.plan());
    const killer = await connected(writer.scene.url);
    await killer.query('select pg_terminate_backend($1)', [(client as Client & { processID: number }).processID]);
    await killer.end();
    await append(writer.plan());
  });
}

/** Committed in two phases, by this connection or another one, rolled back, or left to whoever finds it. */
export async function prepared(writer: Writer): Promise<void> {
  const { recorder, process, store, url } = writer.scene;
  const tx = `${process}!${++writer.scene.calls}`;
  const client = await writer.connection();
  const name = `'chaos ${tx}'`;
  let isPrepared = false;
  try {
    await client.query('begin');
    await writer.append(store.within(client), writer.plan(), { tx });
    isPrepared = true;
    const { command } = await client.query(`prepare transaction ${name}`);
    if (command === 'ROLLBACK') return recorder.add({ op: 'end', type: 'fail', tx });
    await client.query(sleep(writer.random.fraction() * 0.05));
    if (oneIn(6, writer)) return;
    const [word, type] = oneIn(3, writer) ? (['rollback', 'fail'] as const) : (['commit', 'ok'] as const);
    const other = oneIn(2, writer) ? await connected(url) : undefined;
    await (other ?? client).query(`${word} prepared ${name}`);
    recorder.add({ op: 'end', type, tx });
    await other?.end();
  } catch {
    recorder.add({ op: 'end', type: isPrepared ? 'info' : 'fail', tx });
    await writer.disconnect();
  }
}

/** Holds an id in another database of the cluster. */
export async function elsewhere(writer: Writer): Promise<void> {
  const client = await connected(writer.scene.elsewhere);
  await client.query('begin; select pg_current_xact_id()');
  await client.query(sleep(0.05 + writer.random.fraction() * 0.1));
  await client.query(end(writer));
  await client.end();
}

/** Finds a stream where its own transaction left it, and appends there. */
export async function twice(writer: Writer): Promise<void> {
  const stream = writer.stream();
  await writer.transaction(
    async (client, append) => {
      if (oneIn(2, writer)) await client.query(takeId);
      await append(writer.plan({ stream, expect: 'any' }));
      await client.query(sleep(writer.random.fraction() * 0.005));
      const version = writer.scene.known.get(streamName(stream)) as StreamVersion | undefined;
      await append(writer.plan({ stream, ...(version !== undefined && { expect: version }) }));
    },
    { end: end(writer) },
  );
}

async function connected(url: string): Promise<Client> {
  const client = new Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  return client;
}
