import { parseAvro, type AvroType, type t } from '@leftfold/core';
import { extreme, ordinary, type End, type Reach } from './sample-leaves.ts';

/** A value for the golden corpus, in stored JSON form. */
export interface SampleValue {
  /** Within its text: `least`, `greatest`, `defaults`, `turn-1`, … */
  readonly name: string;
  /** What to try in turn, from the farthest: today's code may take less than the Avro text allows. */
  readonly candidates: readonly t.Json[];
}

/** Above what events have of branches and symbols; the corpus is committed. */
const MAX_TURNS = 48;
/** Records may hold themselves in texts that are not ours. */
const MAX_DEPTH = 8;

/**
 * Sample values of an Avro text, the same on every machine: both ends of ranges as a business has them, all defaults, and as many ordinary values as it takes until every branch of
 * each union and every symbol of each enum was met (at most 48). Text beyond ASCII is among them; none begins with `lf1:`.
 * @throws {@link DefinitionError} `LF_SCHEMA_INVALID` when this is no Avro schema
 */
export function sampleValues(avro: t.Json): readonly SampleValue[] {
  const type = parseAvro(avro);
  const ends = (['least', 'greatest'] as const).map((end): SampleValue => {
    const reaches: readonly Reach[] = ['far', 'near'];
    return { name: end, candidates: distinct(reaches.map((reach) => valueOf(type, atEnd(end, reach), '', 0))) };
  });
  const absent: Choice = { ...takeTurns(new Map()), defaults: true };
  const defaults = hasDefault(type, new Set())
    ? [{ name: 'defaults', candidates: [valueOf(type, absent, '', 0)] }]
    : [];
  return [...inTurns(type), ...ends, ...defaults];
}

/** How a walk chooses. */
interface Choice {
  readonly leaf: (type: Parameters<typeof extreme>[0], path: string) => t.Json;
  /** Which of `count` alternatives, and how many items a list has. */
  readonly pick: (count: number, path: string) => number;
  readonly items: number;
  /** Absent fields take their defaults. */
  readonly defaults: boolean;
}

const atEnd = (end: End, reach: Reach): Choice => ({
  leaf: (type) => extreme(type, end, reach),
  pick: (count) => (end === 'least' ? 0 : count - 1),
  items: end === 'least' ? 0 : 2,
  defaults: false,
});

/** Each place takes its alternatives in turn. `met` is how often each place was come to. */
function takeTurns(met: Map<string, number>): Choice {
  const turnAt = (path: string): number => {
    const turn = met.get(path) ?? 0;
    met.set(path, turn + 1);
    return turn;
  };
  return {
    leaf: (type, path) => ordinary(type, turnAt(path), placeOf(path)),
    pick: (count, path) => turnAt(path) % count,
    items: 2,
    defaults: false,
  };
}

/** A small number for a path, the same on every machine. */
function placeOf(path: string): number {
  let sum = 0;
  for (let i = 0; i < path.length; i++) sum = (sum * 31 + path.charCodeAt(i)) % 997;
  return sum;
}

/** Ordinary values until a further one meets nothing new. A place is known once it was met, so all of them are when no place is left half done. */
function inTurns(type: AvroType): SampleValue[] {
  const met = new Map<string, number>();
  const wanted = new Map<string, number>();
  const turns = takeTurns(met);
  const choice: Choice = {
    ...turns,
    pick: (count, path) => {
      wanted.set(path, count);
      return turns.pick(count, path);
    },
  };
  const samples: SampleValue[] = [];
  do {
    const value = valueOf(type, choice, '', 0);
    samples.push({ name: `turn-${samples.length + 1}`, candidates: [value] });
  } while (samples.length < MAX_TURNS && [...wanted].some(([path, count]) => (met.get(path) ?? 0) < count));
  return samples;
}

function valueOf(type: AvroType, choice: Choice, path: string, depth: number): t.Json {
  const below = (part: AvroType, step: string): t.Json => valueOf(part, choice, path + step, depth + 1);
  const items = depth < MAX_DEPTH ? choice.items : 0;
  switch (type.kind) {
    case 'array':
      return Array.from({ length: items }, () => below(type.items, '[]'));
    case 'map':
      // Stored maps are in the order of their keys.
      return Object.fromEntries(['a', 'ключ 🔑'].slice(0, items).map((key) => [key, below(type.values, '{}')]));
    case 'enum':
      return type.symbols[choice.pick(type.symbols.length, path)] ?? null;
    case 'union': {
      const none = type.branches.findIndex(({ kind }) => kind === 'null');
      const chosen = depth >= MAX_DEPTH && none !== -1 ? none : choice.pick(type.branches.length, `${path}|`);
      const branch = type.branches[chosen];
      return branch === undefined ? null : below(branch, `|${chosen}`);
    }
    case 'record': {
      const members = type.fields.map(({ name, type: of, absent }): readonly [string, t.Json] => [
        name,
        choice.defaults && absent !== undefined ? absent : below(of, `.${name}`),
      ]);
      return Object.fromEntries(type.tag === undefined ? members : [[type.tag.field, type.tag.variant], ...members]);
    }
    case 'null':
    case 'boolean':
    case 'int':
    case 'long':
    case 'float':
    case 'double':
    case 'bytes':
    case 'string':
    case 'fixed':
      return choice.leaf(type, path);
  }
}

function hasDefault(type: AvroType, seen: Set<AvroType>): boolean {
  if (seen.has(type)) return false;
  seen.add(type);
  if (type.kind === 'array') return hasDefault(type.items, seen);
  if (type.kind === 'map') return hasDefault(type.values, seen);
  if (type.kind === 'union') return type.branches.some((branch) => hasDefault(branch, seen));
  if (type.kind !== 'record') return false;
  return type.fields.some(({ absent, type: of }) => absent !== undefined || hasDefault(of, seen));
}

const distinct = (values: readonly t.Json[]): readonly t.Json[] => [
  ...new Map(values.map((value) => [JSON.stringify(value), value])).values(),
];
