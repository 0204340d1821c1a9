import { randomUUID } from 'node:crypto';
import { encodeEvent, streamRef, uuidV7, type EventId } from '@leftfold/core';
import { createDatabase } from '@leftfold/infra';
import { kafka } from '@leftfold/kafka';
import { applyMigrations, postgres } from '@leftfold/postgres';
import { jsonCodec, relay } from '@leftfold/subscriptions';
import { eventually } from '@leftfold/testing';
import { Pool } from 'pg';
import { expect, inject, onTestFinished, test } from 'vitest';
import { Member } from '../chaos/processes/member.ts';
import { CATEGORY, counted } from './zombie/tallies.ts';
import type { ProjectorStart } from './zombie/projector-main.ts';

const MAIN = new URL('./zombie/projector-main.ts', import.meta.url);
const PARTITIONS = 4;
const STREAMS = Array.from({ length: 40 }, (_, index) => `s${index}`);
/** Whoever is frozen for longer loses what it has: with platformatic by its lease, with kafkajs by its session. */
const [LEASE_MS, SESSION_MS] = [1_000, 3_000];

test.each(['kafkajs', 'platformatic'] as const)(
  'C1 C4 over %s a projector is frozen in its work, another one takes over, and the first wakes up: every event counts once, in its turn',
  { timeout: 120_000 },
  async (client) => {
    const url = await createDatabase(inject('postgresUrl'));
    const pool = new Pool({ connectionString: url, max: 6 });
    await applyMigrations(pool);
    const topic = `test.${randomUUID()}`;
    const storage = postgres({ pool, topic: () => topic });
    const options = {
      client,
      clientId: topic,
      brokers: inject('kafkaBrokers'),
      topics: [{ name: topic, partitions: PARTITIONS }],
      create: true,
      sessionTimeoutMs: SESSION_MS,
    };
    const relaying = await relay({ storage, to: kafka({ ...options, codec: jsonCodec() }), service: 'tests' });
    const start = (name: string): ProjectorStart => ({ ...options, name, url, leaseMs: LEASE_MS });
    const members = ['first', 'second'].map((name) => new Member(name, MAIN, start));
    onTestFinished(async () => {
      for (const member of members) member.thaw();
      const said = await Promise.all(members.map((member) => member.stop()));
      await relaying.stop();
      await pool.end();
      expect(said).toEqual([undefined, undefined]);
    });

    let appended = 0;
    const append = async (): Promise<void> => {
      appended += 1;
      await Promise.all(
        STREAMS.map((key) =>
          storage.store.append([
            {
              stream: streamRef(CATEGORY, key, ''),
              expect: 'any',
              events: [encodeEvent(counted, counted({ by: appended }), uuidV7() as EventId, { correlationId: 'c' })],
            },
          ]),
        ),
      );
    };
    /** Of the stream that is furthest behind. */
    const applied = async (): Promise<number> => {
      const { rows } = await pool
        .query<{ streams: string; least: string }>(
          "select count(*) as streams, min(array_length(string_to_array(trim(steps), ' '), 1)) as least from leftfold_tallies_v1.tallies",
        )
        .catch(() => ({ rows: [] }));
      return Number(rows[0]?.streams) === STREAMS.length ? Number(rows[0]?.least) : 0;
    };
    let isOver = false;
    const appending = (async () => {
      while (!isOver) await append();
    })();

    for (const member of members) member.start();
    await eventually(() => members.every(({ isReady }) => isReady), { timeoutMs: 30_000 });
    await eventually(async () => (await applied()) > 0, { timeoutMs: 30_000 });
    for (const [frozen] of [members, members.toReversed()]) {
      frozen?.freeze();
      // Every stream goes on, so each of its lanes has been taken over.
      const behind = appended + 5;
      await eventually(() => appended > behind, { timeoutMs: 30_000 });
      await eventually(async () => (await applied()) >= behind, { timeoutMs: 60_000 });
      frozen?.thaw();
      const later = appended + 5;
      await eventually(async () => (await applied()) >= later, { timeoutMs: 60_000 });
    }
    isOver = true;
    await appending;
    await eventually(async () => (await applied()) >= appended, { timeoutMs: 60_000 });

    const steps = Array.from({ length: appended }, (_, index) => `${index + 1} `).join('');
    const { rows } = await pool.query('select id, sum, steps from leftfold_tallies_v1.tallies order by id');
    expect(rows).toEqual(STREAMS.toSorted().map((id) => ({ id, sum: (appended * (appended + 1)) / 2, steps })));
  },
);
