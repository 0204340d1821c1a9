import { isJsonObject } from '../json-value.ts';
import { unqualified, typeText, type AvroField, type AvroRecord, type AvroType } from './avro-type.ts';
import { below, mismatch, type AvroMismatch } from './mismatch.ts';
import { promotion, type Conversion } from './promotion.ts';
import { branchOfJson } from './union-branch.ts';

/** What one type of the writer becomes under one of the reader. `run` is left out where the stored form is the same. */
export interface Plan {
  readonly findings: readonly AvroMismatch[];
  readonly run?: Conversion | undefined;
}
type Of<K extends AvroType['kind']> = Extract<AvroType, { readonly kind: K }>;
type Names = { readonly kind: string; readonly name: string; readonly aliases: readonly string[] };

const READABLE: Plan = { findings: [] };
/** A record that stands in many places has its findings in each; a text that doubles them at every level must not fill the memory. */
const MAX_FINDINGS = 100;
/** Of pairs in each other. Far above any schema that people write, far below the stack: names make a short, flat text as deep as it has types. */
const MAX_DEPTH = 400;
const unreadable = (...findings: readonly AvroMismatch[]): Plan => ({ findings });
const plan = (findings: readonly AvroMismatch[], run: Conversion | undefined): Plan =>
  findings.length > 0 ? { findings: findings.slice(0, MAX_FINDINGS) } : { findings, run };

/** The plans of one pair of schemas: one for each pair of types in them, so that a record that holds itself has an end. */
export class Plans {
  readonly #known = new Map<AvroType, Map<AvroType, Plan>>();
  #depth = 0;

  /** The records at the roots are one event, whatever they are called. */
  ofRoots(writer: AvroType, reader: AvroType): Plan {
    if (writer.kind !== 'record' || reader.kind !== 'record') return this.#of(writer, reader);
    return this.#once(writer, reader, () => this.#ofRecords(writer, reader));
  }

  #of(writer: AvroType, reader: AvroType): Plan {
    return this.#once(writer, reader, () => this.#made(writer, reader));
  }

  #once(writer: AvroType, reader: AvroType, make: () => Plan): Plan {
    const ofWriter = this.#known.get(writer) ?? new Map<AvroType, Plan>();
    this.#known.set(writer, ofWriter);
    const known = ofWriter.get(reader);
    if (known !== undefined) return known;
    if (this.#depth >= MAX_DEPTH) return unreadable(mismatch.depth(typeText(writer), typeText(reader)));
    // What this pair holds of itself is told where it began.
    let made = READABLE;
    ofWriter.set(reader, { findings: [], run: (json) => (made.run === undefined ? json : made.run(json)) });
    this.#depth += 1;
    made = make();
    this.#depth -= 1;
    ofWriter.set(reader, made);
    return made;
  }

  #made(writer: AvroType, reader: AvroType): Plan {
    if (writer.kind === 'union') return this.#fromUnion(writer, reader);
    if (reader.kind === 'union') return this.#intoUnion(writer, reader);
    if (writer.kind === 'record' && reader.kind === 'record')
      return isCalled(reader, writer) ? this.#ofRecords(writer, reader) : differing(writer, reader);
    if (writer.kind === 'array' && reader.kind === 'array') return this.#ofArrays(writer, reader);
    if (writer.kind === 'map' && reader.kind === 'map') return this.#ofMaps(writer, reader);
    if (writer.kind === 'enum' && reader.kind === 'enum') return ofEnums(writer, reader);
    return ofPlain(writer, reader);
  }

  /** Every branch that may have been written must be readable. */
  #fromUnion(writer: Of<'union'>, reader: AvroType): Plan {
    const plans = writer.branches.map((branch) => this.#of(branch, reader));
    const findings = plans.flatMap((one) => one.findings);
    if (plans.every(({ run }) => run === undefined)) return plan(findings, undefined);
    const chosen = branchOfJson(writer.branches);
    return plan(findings, (json) => {
      const run = plans[chosen(json)]?.run;
      return run === undefined ? json : run(json);
    });
  }

  #intoUnion(writer: AvroType, { branches }: Of<'union'>): Plan {
    const some = branches.filter(({ kind }) => kind !== 'null');
    const found = branchFor(writer, branches);
    if (found === undefined) {
      // One thing or null: what does not fit says more than that it is no branch.
      const [only, ...others] = some;
      const isOne = only !== undefined && others.length === 0 && writer.kind !== 'null';
      return isOne ? this.#of(writer, only) : unreadable(mismatch.branch(typeText(writer)));
    }
    const { findings, run } = this.#of(writer, found);
    const step = some.length > 1 && 'name' in found ? `(${unqualified(found.name)})` : '';
    return plan(findings.map(below(step)), run);
  }

  #ofArrays(writer: Of<'array'>, reader: Of<'array'>): Plan {
    const { findings, run } = this.#of(writer.items, reader.items);
    const each: Conversion | undefined =
      run && ((json) => (Array.isArray(json) ? json.map((item: unknown) => run(item)) : json));
    return plan(findings.map(below('[]')), each);
  }

  #ofMaps(writer: Of<'map'>, reader: Of<'map'>): Plan {
    const { findings, run } = this.#of(writer.values, reader.values);
    const each: Conversion | undefined =
      run &&
      ((json) =>
        // Keys that would reach a prototype stay own members, which the reader's walk refuses.
        isJsonObject(json) ? Object.fromEntries(Object.entries(json).map(([key, value]) => [key, run(value)])) : json);
    return plan(findings.map(below('{}')), each);
  }

  #ofRecords(writer: AvroRecord, reader: AvroRecord): Plan {
    const findings: AvroMismatch[] = [];
    const members: Member[] = [];
    const inWriter = new Map(writer.fields.map((field) => [field.name, field]));
    for (const field of reader.fields) {
      const [from, ...others] = [field.name, ...field.aliases].flatMap((name) => inWriter.get(name) ?? []);
      if (from === undefined) {
        if (field.absent === undefined) findings.push(mismatch.absent(field.name, typeText(writer)));
        else members.push({ field });
      } else if (others.length > 0) {
        findings.push(
          mismatch.ambiguous(
            field.name,
            [from, ...others].map(({ name }) => name),
          ),
        );
      } else {
        const member = this.#of(from.type, field.type);
        findings.push(...member.findings.map(below(field.name)));
        members.push({ field, from: from.name, run: member.run });
      }
    }
    const isSame =
      members.length === writer.fields.length &&
      members.every(({ field, from, run }) => from === field.name && run === undefined) &&
      isSameTag(writer, reader);
    return plan(findings, isSame ? undefined : recordOf(members, reader.tag));
  }
}

/** A field of the reader, and where its value comes from: a field of the writer, or the default. */
interface Member {
  readonly field: AvroField;
  readonly from?: string;
  readonly run?: Conversion | undefined;
}

/** Builds the reader's record. A field that should be there and is not stays away, for the reader's walk to name. */
function recordOf(members: readonly Member[], tag: AvroRecord['tag']): Conversion {
  return (json) => {
    if (!isJsonObject(json)) return json;
    const result: Record<string, unknown> = tag === undefined ? {} : { [tag.field]: tag.variant };
    for (const { field, from, run } of members) {
      if (from === undefined) put(result, field.name, fresh(field.absent));
      else if (Object.hasOwn(json, from)) put(result, field.name, run === undefined ? json[from] : run(json[from]));
    }
    return result;
  };
}

function put(object: Record<string, unknown>, name: string, value: unknown): void {
  // Avro allows a field of this name. Ours never have one, see `checkAvroName`.
  if (name === '__proto__') Object.defineProperty(object, name, { value, enumerable: true });
  else object[name] = value;
}

/** A default of its own for each event: whoever gets it may change it. */
function fresh(json: unknown): unknown {
  return typeof json === 'object' && json !== null ? JSON.parse(JSON.stringify(json)) : json;
}

/** The branch that reads a type: the same type, by name where it has one, else the first that Avro promotes it to. */
function branchFor(writer: AvroType, branches: readonly AvroType[]): AvroType | undefined {
  if (writer.kind === 'record' || writer.kind === 'enum' || writer.kind === 'fixed') {
    const named = branches.filter((branch) => branch.kind === writer.kind) as (Names & AvroType)[];
    return named.find(({ name }) => name === writer.name) ?? named.find((branch) => isCalled(branch, writer));
  }
  if (writer.kind === 'array' || writer.kind === 'map') return branches.find(({ kind }) => kind === writer.kind);
  const readable = branches.filter((branch) => ofPlain(writer, branch).findings.length === 0);
  return readable.find(({ kind }) => kind === writer.kind) ?? readable[0];
}

/** Avro 1.12: the unqualified names match. Aliases are the reader's. */
function isCalled(reader: Names, writer: Names): boolean {
  const name = unqualified(writer.name);
  return [reader.name, ...reader.aliases].some((one) => unqualified(one) === name);
}
const differing = (writer: AvroType, reader: AvroType): Plan =>
  unreadable(mismatch.name(typeText(writer), typeText(reader)));

function ofEnums(writer: Of<'enum'>, reader: Of<'enum'>): Plan {
  if (!isCalled(reader, writer)) return differing(writer, reader);
  const known = new Set(reader.symbols);
  const lacking = new Set<unknown>(writer.symbols.filter((symbol) => !known.has(symbol)));
  if (lacking.size === 0) return READABLE;
  const { absent } = reader;
  if (absent === undefined) return unreadable(mismatch.symbols(typeText(reader), [...lacking] as string[]));
  return plan([], (json) => (lacking.has(json) ? absent : json));
}

/** Types without parts; and everything that is of two kinds. */
function ofPlain(writer: AvroType, reader: AvroType): Plan {
  const [from, to] = [typeText(writer), typeText(reader)];
  if (!isPlain(writer) || !isPlain(reader)) return unreadable(mismatch.type(from, to));
  const isFixed = writer.kind === 'fixed';
  if (isFixed !== (reader.kind === 'fixed')) return unreadable(mismatch.type(from, to));
  const conversion =
    writer.kind === 'fixed' || reader.kind === 'fixed' ? ('same' as const) : promotion(writer.kind, reader.kind);
  if (conversion === undefined) return unreadable(mismatch.type(from, to));
  if (writer.kind === 'fixed' && reader.kind === 'fixed') {
    if (!isCalled(reader, writer)) return differing(writer, reader);
    if (writer.size !== reader.size) return unreadable(mismatch.size(from, to));
  }
  const [was, is] = [writer.logical, reader.logical];
  if (was?.name !== is?.name) return unreadable(mismatch.logical(from, to));
  if (was?.name === 'decimal' && is?.name === 'decimal') {
    if (was.scale !== is.scale) return unreadable(mismatch.scale(from, to));
    if (was.precision > is.precision) return unreadable(mismatch.precision(from, to));
  }
  return conversion === 'same' ? READABLE : plan([], conversion);
}

type Plain = Exclude<AvroType, Of<'array'> | Of<'map'> | Of<'union'> | Of<'enum'> | Of<'record'>>;
const COMPOSED: ReadonlySet<string> = new Set(['array', 'map', 'union', 'enum', 'record']);
const isPlain = (type: AvroType): type is Plain => !COMPOSED.has(type.kind);

const isSameTag = ({ tag: one }: AvroRecord, { tag: other }: AvroRecord): boolean =>
  one?.field === other?.field && one?.variant === other?.variant;
