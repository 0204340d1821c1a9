import { t, type Json, isJsonObject, type JsonObject } from '@leftfold/core';
import { below, noteOthers } from './avro-json.ts';
import { quoted, type Code, type Member } from './code.ts';
import { readFields } from './read-fields.ts';
import { define } from './read-named.ts';
import type { Piece, Place, Reading, Variant } from './reading.ts';

/** With null, nullable; of records with tags, a tagged union, as a constant. */
export function ofUnion(avro: readonly Json[], place: Place, reading: Reading): Piece | undefined {
  const branches = avro.filter((branch) => branch !== 'null');
  const [only] = branches;
  if (only === undefined) return reading.refuse(place, 'null, and nothing else');
  const some = ofBranches(branches, place, reading);
  return branches.length < avro.length ? reading.around(place, 't.nullable', t.nullable, some) : some;
}

function ofBranches(branches: readonly Json[], place: Place, reading: Reading): Piece | undefined {
  const variants = branches.map((branch) => variantOf(branch, place, reading));
  const tagged = variants.filter((variant) => variant !== undefined);
  const [first] = tagged;
  if (first === undefined && branches.length === 1) return reading.read(branches[0] ?? null, place);
  if (first === undefined || tagged.length < branches.length || tagged.some(({ tag }) => tag !== first.tag))
    return reading.refuse(
      place,
      `a union of ${branches.length} types; of records that each have the attribute "tag": { "kind": "card" } and the name KindCard, it can be said`,
    );
  const key = JSON.stringify(tagged.map(({ variant }) => [first.tag, variant]));
  const known = reading.unions.get(key);
  if (known !== undefined) return known;
  const members = tagged.map(({ variant, fields }): Member => ({ key: variant, value: fields.code, comments: [] }));
  const code: Code = { call: 't.union', with: [quoted(first.tag), { object: members }] };
  const made = reading.built(place, code, () =>
    t.union(first.tag, Object.fromEntries(tagged.map(({ variant, fields }) => [variant, fields.schemas]))),
  );
  if (made === undefined) return undefined;
  const name = reading.nameFor(first.tag.replace(/^[a-z]/, (letter) => letter.toUpperCase()));
  reading.constants.push({ name, code: made.code, comments: [] });
  const reference = { code: name, schema: made.schema };
  reading.unions.set(key, reference);
  return reference;
}

function variantOf(branch: Json, place: Place, reading: Reading): Variant | undefined {
  if (typeof branch === 'string') {
    const known = reading.types.get(reading.find(branch, place) ?? '');
    return known !== undefined && 'variant' in known ? known : undefined;
  }
  if (!isJsonObject(branch) || branch['type'] !== 'record' || !isJsonObject(branch['tag'] ?? null)) return undefined;
  const [[tag, variant] = [], ...more] = Object.entries(branch['tag'] as JsonObject);
  if (tag === undefined || typeof variant !== 'string' || more.length > 0) return undefined;
  const named = define(branch, place, reading);
  if (named === undefined) return undefined;
  noteOthers(branch, 'type name namespace tag fields doc', place, reading);
  reading.comment(branch['doc']);
  const made: Variant = { tag, variant, fields: readFields(branch, below(named.within, `.${named.name}`), reading) };
  if (avroNameOf(made) !== named.name)
    return reading.refuse(place, `the branch '${named.name}', which is not called after its tag and variant`);
  reading.types.set(named.full, made);
  return made;
}

/** What t calls a variant. */
function avroNameOf({ tag, variant }: Variant): string | undefined {
  try {
    const [branch] = t.union(tag, { [variant]: {} }).avro as readonly { readonly name: string }[];
    return branch?.name;
  } catch {
    return undefined;
  }
}
