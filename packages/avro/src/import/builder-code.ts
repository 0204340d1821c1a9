import { event, t, versionsOf, type Json, isJsonObject, type JsonObject } from '@leftfold/core';
import { isTooDeep, noteOthers } from './avro-json.ts';
import { printCode, quoted, type Code, type Member } from './code.ts';
import { eventOfRecord } from './event-of-record.ts';
import { readFields } from './read-fields.ts';
import { readType } from './read-type.ts';
import { Reading, type FieldPieces, type Unsupported } from './reading.ts';

/** How the file is printed. */
export interface BuilderCodeOptions {
  /** Where `t` and `event` come from. Default `@leftfold/core`. */
  readonly core?: string;
}
/** A TypeScript file, and what is not in it. */
export interface BuilderCode {
  readonly code: string;
  /** Empty: the printed schema has this very Avro text, but for `doc` and the order of attributes. */
  readonly unsupported: readonly Unsupported[];
}

/**
 * The builders that say an Avro schema, as a TypeScript file: one constant for each named type, each before what needs it; a record with the namespace of an
 * event as that event, a record called `PlacedV2` as the fields of its version 2. What the builders cannot say stands in a comment at its place and in
 * `unsupported`; the printed code compiles and runs nevertheless. The same text for the same schema. Names and texts of a hostile schema end up in strings and
 * comments only. Never throws.
 */
export function builderCode(avro: Json, { core = '@leftfold/core' }: BuilderCodeOptions = {}): BuilderCode {
  const reading = new Reading(readType);
  if (isTooDeep(avro)) {
    reading.refuse({ path: '', namespace: '' }, 'a schema that goes too deep');
    return { code: '// a schema that goes too deep\n', unsupported: reading.unsupported };
  }
  const root = isJsonObject(avro) && avro['type'] === 'record' ? eventConstant(avro, reading) : undefined;
  if (root === undefined) schemaConstant(avro, reading);
  const body = reading.constants
    .map(({ name, code, comments }) => `${comments.map((line) => `// ${line}\n`).join('')}${declaration(name, code)}`)
    .join('\n');
  const codes = reading.constants.map(({ code }) => code);
  const used = ['event', 't'].filter((name) => codes.some((code) => calls(code, name)));
  const imports = used.length === 0 ? '' : `import { ${used.join(', ')} } from ${quoted(core)};\n\n`;
  return { code: imports + body, unsupported: reading.unsupported };
}

/** Whether a function, or one of a namespace, is called in it. */
function calls(code: Code, name: string): boolean {
  if (typeof code === 'string') return code.startsWith(`${name}.`);
  if ('list' in code) return code.list.some((part) => calls(part, name));
  if ('object' in code) return code.object.some(({ value = '' }) => calls(value, name));
  return code.call === name || code.call.startsWith(`${name}.`) || code.with.some((part) => calls(part, name));
}

const declaration = (name: string, code: Code): string => {
  const head = `export const ${name} = `;
  return `${head}${printCode(code, 0, head.length)};\n`;
};

/** A schema that is no event's. */
function schemaConstant(avro: Json, reading: Reading): void {
  const { result, comments } = reading.commented(() => {
    const piece = reading.read(avro, { path: '', namespace: '' });
    if (isJsonObject(avro) && typeof avro['namespace'] === 'string')
      reading.refuse({ path: '', namespace: '' }, `the namespace '${avro['namespace']}', which makes no event's name`);
    else if (piece !== undefined) reportRest(avro, piece.schema.avro, reading);
    return piece;
  });
  const last = reading.constants.at(-1);
  if (result !== undefined && last?.name === result.code)
    reading.constants.splice(-1, 1, { ...last, comments: [...comments, ...last.comments] });
  else reading.constants.push({ name: reading.nameFor('schema'), code: result?.code ?? 'undefined', comments });
}

/** `undefined` where the record is none of an event. */
function eventConstant(avro: JsonObject, reading: Reading): 'done' | undefined {
  const { subject, doc } = avro;
  const [name, namespace] = nameOf(avro);
  const of = typeof name === 'string' && typeof namespace === 'string' ? eventOfRecord(namespace, name) : undefined;
  if (of === undefined || typeof name !== 'string' || typeof namespace !== 'string') return undefined;
  const place = { path: '', namespace };
  reading.types.set(`${namespace}.${name}`, undefined);
  const constantName = reading.nameFor(camelCase(`${namespace.slice(namespace.lastIndexOf('.') + 1)}_${name}`));
  const options: Member[] = [];
  if (typeof doc === 'string') options.push({ key: 'doc', value: quoted(doc), comments: [] });
  if (typeof subject === 'string') options.push({ key: 'subject', value: quoted(subject), comments: [] });
  const { result, comments } = reading.commented(() => {
    if (avro['name'] !== name)
      reading.refuse(place, `the name ${JSON.stringify(avro['name'])}; t writes its namespace apart`);
    noteOthers(avro, 'type name namespace subject fields doc', place, reading);
    const fields = readFields(avro, place, reading);
    const piece = reading.built(place, '', () => schemaOf(of.name, fields, { subject }));
    if (piece === undefined) return { call: 't.record', with: [quoted(name), fields.code] };
    reportRest(avro, { ...(piece.schema.avro as JsonObject), name }, reading);
    if (of.version === 1)
      return {
        call: 'event',
        with: [quoted(of.name), fields.code, ...(options.length > 0 ? [{ object: options }] : [])],
      };
    const more = options.map(({ key, value }) => `, ${key}: ${printCode(value ?? '')}`).join('');
    reading.comment(
      `Version ${of.version} of ${of.name}: .version(${of.version}, ${constantName}, { up: (old) => …${more} })`,
    );
    return fields.code;
  });
  reading.constants.push({ name: constantName, code: result, comments });
  return 'done';
}

/** Name and namespace of the root, which may stand in one. */
function nameOf({ name, namespace }: JsonObject): readonly [name: Json | undefined, namespace: Json | undefined] {
  const dot = typeof name === 'string' ? name.lastIndexOf('.') : -1;
  return typeof name === 'string' && dot !== -1 ? [name.slice(dot + 1), name.slice(0, dot)] : [name, namespace];
}

/** What the event is at version 1: later ones differ by their name alone. */
function schemaOf(
  name: string,
  { schemas }: FieldPieces,
  options: { readonly subject: Json | undefined },
): t.AnySchema {
  const define = event as unknown as (
    name: string,
    fields: t.Fields,
    options: object,
  ) => Parameters<typeof versionsOf>[0];
  const [first] = versionsOf(define(name, schemas, options.subject === undefined ? {} : options));
  return first?.schema ?? t.boolean();
}

/** The last net: what t writes otherwise than it was given, and nothing has told. */
function reportRest(given: Json, written: Json, reading: Reading): void {
  if (reading.unsupported.length === 0 && sorted(given) !== sorted(written))
    reading.refuse({ path: '', namespace: '' }, `t writes this schema otherwise: ${JSON.stringify(written)}`);
}
const sorted = (json: Json): string =>
  JSON.stringify(json, (_, value: Json) =>
    isJsonObject(value)
      ? Object.fromEntries(
          Object.entries(value)
            .filter(([name]) => name !== 'doc')
            .sort(([a], [b]) => (a < b ? -1 : 1)),
        )
      : value,
  );

const camelCase = (words: string): string =>
  words
    .replaceAll(/[_-]+([A-Za-z0-9])/g, (_, letter: string) => letter.toUpperCase())
    .replace(/^[A-Z]/, (first) => first.toLowerCase());
