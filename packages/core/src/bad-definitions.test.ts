import { expect, test } from 'vitest';
import { aggregate, catalogue, event, t, type AnyEventType } from './index.ts';

const text = t.string();
const untyped = event as unknown as (name: string, fields: object, options?: object) => AnyEventType;
const v1: AnyEventType = event('a.b.done', { id: text });
const up = () => ({ id: '' });
/** What JavaScript lets through: a record whose fields hold the record. */
function recursive(): t.AnySchema {
  const fields: Record<string, t.AnySchema> = { id: text };
  fields['parts'] = t.array(t.record('Tree', fields));
  return t.record('Tree', fields);
}
/** The same by a getter that makes the record anew, and so never ends. */
const endless = (): t.AnySchema =>
  t.record('Tree', {
    get parts() {
      return t.array(endless());
    },
  });
/** The same by a getter that asks for what is being made. */
function early(): t.AnySchema {
  const tree: t.AnySchema = t.record('Tree', {
    get parts(): t.AnySchema {
      return t.array(tree);
    },
  });
  return tree;
}

/**
 * Each is refused where it stands in the code, before anything runs, with the place in the message. JavaScript calls a builder before the event around it:
 * then the message has the builder, and the stack trace has the place.
 */
test.each<[string, () => unknown, `LF_${string}`, RegExp]>([
  [
    'two events of one name in an aggregate',
    () => aggregate('a.b', { events: { x: v1, y: untyped('a.b.done', {}) } as never, initial: () => 0 }),
    'LF_EVENT_NAME_DUPLICATE',
    /a\.b: the events 'x' and 'y' are both named a\.b\.done/,
  ],
  [
    'two events of one name in a service',
    () => catalogue(v1, untyped('a.b.done', {})),
    'LF_EVENT_NAME_DUPLICATE',
    /'a\.b\.done'/,
  ],
  [
    'an event called as another was',
    () => catalogue(v1, untyped('a.b.x', {}, { aliases: ['a.b.done'] })),
    'LF_EVENT_NAME_DUPLICATE',
    /a name of a\.b\.done and of a\.b\.x/,
  ],
  [
    'an event called as itself was',
    () => untyped('a.b.x', {}, { aliases: ['a.b.x'] }),
    'LF_EVENT_NAME_DUPLICATE',
    /a\.b\.x has among its aliases its own name/,
  ],
  [
    'an event that is none yet, as of a file that is imported in a circle',
    () => aggregate('a.b', { events: { done: undefined } as never, initial: () => 0 }),
    'LF_SCHEMA_INVALID',
    /a\.b: the event 'done' is no event type; .* two files import each other/,
  ],
  [
    'an event that the fold does not have, as after a rename on one side',
    () => aggregate('a.b', { events: { done: v1 } as never, initial: () => 0 }).evolve({ finished: () => 0 } as never),
    'LF_EVENT_UNFOLDED',
    /a\.b: `evolve` has no entry for the event 'done'/,
  ],
  [
    'an event name whose Avro record would be that of another',
    () => untyped('a.b_c.done', {}),
    'LF_EVENT_NAME_INVALID',
    /"a\.b_c\.done" is not of the form/,
  ],
  [
    'an event name that is a version',
    () => untyped('a.b.done-v2', {}),
    'LF_EVENT_NAME_INVALID',
    /"a\.b\.done-v2" ends in a version/,
  ],
  [
    'an event name that no Avro name can be made of',
    () => untyped('a.b.Done!', {}),
    'LF_EVENT_NAME_INVALID',
    /"a\.b\.Done!"/,
  ],
  [
    'a record with the Avro name of an event',
    () => catalogue(v1, untyped('a.b.seen', { x: t.record('Done', {}) })),
    'LF_SCHEMA_INVALID',
    /a\.b\.seen, version 1: its part 'a\.b\.Done' has the Avro name of a\.b\.done, version 1/,
  ],
  [
    'a record with the name of its event',
    () => untyped('a.b.done', { x: t.record('Done', {}) }),
    'LF_SCHEMA_INVALID',
    /a\.b\.done, version 1: 'Done' holds a 'Done' at `x`.* give it another name/,
  ],
  [
    'two records of one name and two shapes',
    () => untyped('a.b.done', { x: t.record('M', {}), y: t.record('M', { z: text }) }),
    'LF_SCHEMA_INVALID',
    /a\.b\.done, version 1: the name 'M' stands for two different shapes, at `x` and at `y`; give one of them another name/,
  ],
  [
    'two records of one name and two shapes, far inside',
    () =>
      untyped('a.b.done', {
        total: t.record('M', {}),
        lines: t.array(t.record('Line', { prices: t.map(t.nullable(t.record('M', { z: text }))) })),
      }),
    'LF_SCHEMA_INVALID',
    /a\.b\.done, version 1: the name 'M' .* at `total` and at `lines\[\]\.prices\{\}`/,
  ],
  [
    'two records of one name and two shapes in the variants of a union',
    () => untyped('a.b.done', { by: t.union('kind', { a: { m: t.record('M', {}) }, b: { m: t.enum('M', ['x']) } }) }),
    'LF_SCHEMA_INVALID',
    /^the name 'M' .* at `\(a\)\.m` and at `\(b\)\.m`/,
  ],
  [
    'two records of one name and two shapes beside the variants of a union',
    () => untyped('a.b.done', { by: t.union('kind', { a: { m: t.record('M', {}) } }), m: t.enum('M', ['x']) }),
    'LF_SCHEMA_INVALID',
    /a\.b\.done, version 1: the name 'M' .* at `by\(a\)\.m` and at `m`/,
  ],
  [
    'a field without a schema, as of a file that is imported in a circle',
    () => untyped('a.b.done', { x: undefined }),
    'LF_SCHEMA_INVALID',
    /a\.b\.done, version 1: this is no schema, at the field 'x' of record Done; .* two files import each other/,
  ],
  [
    'items without a schema',
    () => untyped('a.b.done', { x: t.array({} as never) }),
    'LF_SCHEMA_INVALID',
    /^this is no schema, at the items of an array; make it with t, as t\.string\(\)/,
  ],
  [
    'a field that is no Avro name',
    () => untyped('a.b.done', { 'ship-to': text }),
    'LF_SCHEMA_INVALID',
    /a\.b\.done, version 1: 'ship-to'.*'ship_to'/,
  ],
  [
    'an enum symbol that is no Avro name',
    () => t.enum('E', ['a b']),
    'LF_SCHEMA_INVALID',
    /'a b' cannot be the name of a symbol of enum E/,
  ],
  [
    'a version left out',
    () => v1.version(3, { id: text }, { up }),
    'LF_SCHEMA_INVALID',
    /a\.b\.done, version 3: the version after 1 is 2/,
  ],
  [
    'a version without an upcaster',
    () => v1.version(2, { id: text }, {} as never),
    'LF_SCHEMA_INVALID',
    /a\.b\.done, version 2: needs its upcaster/,
  ],
  [
    'a default of another type',
    () => t.withDefault(t.int(), 'x' as never),
    'LF_SCHEMA_INVALID',
    /^t\.withDefault: the default does not fit: expected a whole number .*, got a string$/,
  ],
  [
    'a default of another type inside',
    () => t.withDefault(t.record('M', { c: t.int() }), { c: '1' } as never),
    'LF_SCHEMA_INVALID',
    /^t\.withDefault: the default does not fit: c expected a whole number .*, got a string$/,
  ],
  [
    'a record that holds itself',
    recursive,
    'LF_SCHEMA_INVALID',
    /^record Tree: 'Tree' holds a 'Tree' at `parts\[\]`; a record of t cannot hold itself: .* a list of ids, as a flat list, or as an event/,
  ],
  [
    'a record that holds itself, by a getter without an end',
    endless,
    'LF_SCHEMA_INVALID',
    /^record Tree: a getter .* a record of t cannot hold itself: .* a list of ids/,
  ],
  [
    'a record that holds itself, by a getter that comes too early',
    early,
    'LF_SCHEMA_INVALID',
    /^record Tree: a getter .*'tree'.* a record of t cannot hold itself: .* a list of ids/,
  ],
  [
    'personal data of nobody',
    () => untyped('a.b.done', { x: t.personal(text, { erasedAs: '' }) }),
    'LF_SCHEMA_INVALID',
    /a\.b\.done, version 1: 'x' is personal/,
  ],
])('refused at definition: %s', (_, define, code, place) => {
  const stack = expect.stringContaining('bad-definitions.test.ts') as unknown;
  expect(define).toThrow(expect.objectContaining({ code, message: expect.stringMatching(place) as unknown, stack }));
});
