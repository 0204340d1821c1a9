import { t } from '@leftfold/core';
import { Money, fixed, foreign, recordOf, retyped, type Change } from './evolution-change.ts';

/** Changes within lists, maps, records and unions. */
export const nested: readonly Change[] = [
  retyped('in a list, a promotion', 'backward', t.array(t.int()), t.array(t.long())),
  retyped('in a map, a promotion', 'backward', t.map(t.int()), t.map(t.long())),
  retyped('in a map, it is taken back', 'forward', t.map(t.long()), t.map(t.int())),
  retyped(
    'in a record, a field with a default',
    'both',
    Money({ c: t.int() }),
    Money({ c: t.int(), d: t.withDefault(t.int(), 0) }),
  ),
  retyped(
    'in a record, a field without a default',
    'forward',
    Money({ c: t.int() }),
    Money({ c: t.int(), d: t.int() }),
  ),
  retyped(
    'in a list of records in a map, a field is removed',
    'backward',
    t.array(t.map(Money({ c: t.int(), d: t.int() }))),
    t.array(t.map(Money({ c: t.int() }))),
  ),
  retyped('a record is renamed', 'neither', Money({ c: t.int() }), t.record('Price', { c: t.int() })),
  foreign(
    'a record is renamed, with an alias',
    'backward',
    recordOf('Money', [{ name: 'c', type: 'int' }]),
    recordOf('Price', [{ name: 'c', type: 'int' }], { aliases: ['Money'] }),
  ),
  foreign(
    'a record moves to another namespace',
    'both',
    recordOf('Money', [{ name: 'c', type: 'int' }], { namespace: 'one' }),
    recordOf('Money', [{ name: 'c', type: 'int' }], { namespace: 'two' }),
  ),
  foreign(
    'a record that holds itself gets a field with a default',
    'both',
    recordOf('Node', [{ name: 'next', type: ['null', 'Node'] }]),
    recordOf('Node', [
      { name: 'next', type: ['null', 'Node'] },
      { name: 'note', type: 'string', default: '' },
    ]),
  ),
  foreign(
    'a record that holds itself gets a field without a default',
    'forward',
    recordOf('Node', [{ name: 'next', type: ['null', 'Node'] }]),
    recordOf('Node', [
      { name: 'next', type: ['null', 'Node'] },
      { name: 'note', type: 'string' },
    ]),
  ),
  foreign(
    'in a list of unions, a branch is added',
    'backward',
    { type: 'array', items: ['null', 'int'] },
    { type: 'array', items: ['null', 'int', 'string'] },
  ),
  foreign(
    'a type is said by name where it stood in full',
    'both',
    recordOf('Pair', [
      { name: 'a', type: recordOf('Money', [{ name: 'c', type: 'int' }]) },
      { name: 'b', type: 'Money' },
    ]),
    recordOf('Pair', [
      { name: 'b', type: recordOf('Money', [{ name: 'c', type: 'int' }]) },
      { name: 'a', type: 'Money' },
    ]),
  ),
  foreign('text gets an attribute of Java', 'both', 'string', { type: 'string', 'avro.java.string': 'String' }),
  foreign('a fixed type grows', 'neither', fixed(4), fixed(8)),
  foreign('a fixed type is renamed', 'neither', fixed(4), { ...(fixed(4) as object), name: 'Digest' }),
  foreign('a fixed type becomes bytes', 'neither', fixed(4), 'bytes'),
  foreign('bytes become a fixed type', 'neither', 'bytes', fixed(4)),
  foreign(
    'the precision of a fixed decimal grows',
    'backward',
    fixed(4, { logicalType: 'decimal', precision: 5, scale: 2 }),
    fixed(4, { logicalType: 'decimal', precision: 7, scale: 2 }),
  ),
];
