import { t } from '@leftfold/core';
import { projection } from '@leftfold/subscriptions';
import type { Row } from '@leftfold/subscriptions';
import fc from 'fast-check';
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readModels } from '../src/read-models/read-models.ts';
import { openFixture, Owner, type Fixture } from './read-model-fixture.ts';

const Line = t.record('Line', { sku: t.string(), weight: t.nullable(t.double()), stamp: t.long() });
const everything = projection('every-type', {
  version: 1,
  key: 'id',
  row: {
    id: t.string(),
    text: t.string(),
    uuid: t.uuid(),
    flag: t.boolean(),
    int: t.int(),
    integer: t.integer({ min: 1 }),
    long: t.long(),
    double: t.double(),
    bytes: t.bytes(),
    price: t.decimal(38, 5),
    whole: t.decimal(20, 0),
    instant: t.timestampMillis(),
    day: t.date(),
    status: t.enum('Status', ['open', 'paid']),
    note: t.nullable(t.string()),
    later: t.nullable(t.timestampMillis()),
    big: t.nullable(t.long()),
    count: t.nullable(t.integer()),
    line: Line,
    lines: t.array(Line),
    tags: t.map(t.integer()),
    how: t.union('kind', { card: { digits: t.string() }, cash: { paid: t.decimal(10, 2) } }),
    maybe: t.nullable(t.array(t.string())),
  },
});

// Text as it may be stored: neither NUL nor half a surrogate pair.
const text = fc.string({ unit: 'binary', maxLength: 40 }).filter((value) => !value.includes('\0'));
const instant = fc.date({
  min: new Date('0000-01-01T00:00:00Z'),
  max: new Date('9999-12-31T23:59:59.999Z'),
  noInvalidDate: true,
});
const double = fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0);
const long = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
const integer = fc.maxSafeInteger().map((value) => value + 0);
const bytes = fc.uint8Array({ maxLength: 40 });
const digits = (count: number) => fc.bigInt({ min: -(10n ** BigInt(count)) + 1n, max: 10n ** BigInt(count) - 1n });
const decimal = (precision: number, scale: number) =>
  digits(precision).map((unscaled) => {
    const padded = String(unscaled < 0n ? -unscaled : unscaled).padStart(scale + 1, '0');
    const sign = unscaled < 0n ? '-' : '';
    return scale === 0 ? `${sign}${padded}` : `${sign}${padded.slice(0, -scale)}.${padded.slice(-scale)}`;
  });
/** As `JSON.parse` makes objects. */
const plain = { noNullPrototype: true } as const;
const line = fc.record(
  {
    sku: text,
    weight: fc.option(double),
    stamp: long.map(String),
  },
  plain,
);

/** Rows as folds see them. */
const row: fc.Arbitrary<Row> = fc.record(
  {
    id: text,
    text,
    uuid: fc.uuid(),
    flag: fc.boolean(),
    int: fc.integer(),
    integer,
    long,
    double,
    bytes,
    price: decimal(38, 5),
    whole: decimal(20, 0),
    instant,
    day: instant.map((date) => date.toISOString().slice(0, 10)),
    status: fc.constantFrom('open', 'paid'),
    note: fc.option(text),
    later: fc.option(instant),
    big: fc.option(long),
    count: fc.option(integer),
    line,
    lines: fc.array(line, { maxLength: 3 }),
    tags: fc.dictionary(text, integer.map(String), plain),
    how: fc.oneof(
      fc.record({ kind: fc.constant('card'), digits: text }, plain),
      fc.record({ kind: fc.constant('cash'), paid: decimal(10, 2) }, plain),
    ),
    maybe: fc.option(fc.array(text, { maxLength: 3 })),
  },
  plain,
);

/** Time zones of sessions: one with an offset of minutes and seconds in old times, and one on either side of the date line. */
const TIME_ZONES = ['UTC', 'America/New_York', 'Europe/Amsterdam', 'Pacific/Auckland'];
const fixtures: Fixture[] = [];
beforeAll(async () => {
  for (const zone of TIME_ZONES) {
    const fixture = await openFixture({ options: `-c TimeZone=${zone}` });
    await fixture.readModels.prepare(everything.rowTable);
    fixtures.push(fixture);
  }
});
afterAll(() => Promise.all(fixtures.map((fixture) => fixture.close())));

test.each(TIME_ZONES)(
  'every value comes back as it went in, for folds and for queries, in time zone %s',
  async (zone) => {
    const fixture = fixtures[TIME_ZONES.indexOf(zone)] as Fixture;
    const owner = await Owner.of(fixture, everything.rowTable, '0');
    const db = readModels(fixture.pool, [everything]);
    let batches = 0;
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(row, { selector: ({ id }) => id, minLength: 1, maxLength: 20 }), async (rows) => {
        const tenant = `tenant ${++batches}`;
        const keys = rows.map(({ id }) => ({ tenant, key: id as string }));
        await owner.batch((tx) =>
          tx.write(
            everything.rowTable,
            rows.map((each, n) => ({ ...(keys[n] as (typeof keys)[0]), row: each, streamVersion: 7n, existed: false })),
          ),
        );
        const kept = await owner.batch((tx) => tx.read(everything.rowTable, keys, { lock: false }));
        expect(kept).toStrictEqual(rows.map((each) => ({ row: each, streamVersion: 7n })));
        const found = await db
          .selectFrom('every_type')
          .selectAll()
          .where(sql`_tenant`, '=', tenant)
          .execute();
        expect(new Map(found.map((each) => [each.id, each]))).toStrictEqual(
          new Map(rows.map((each) => [each['id'], { ...each, _stream_version: 7n }])),
        );
      }),
      { numRuns: 25 },
    );
  },
);
