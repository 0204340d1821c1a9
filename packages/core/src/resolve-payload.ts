import { resolveAvro } from './avro/resolve-avro.ts';
import type { WriterSchema } from './event-store.ts';
import { kindOf, run, type Checked, type Issue } from './schema/kind.ts';
import { decodePayload } from './schema/payload.ts';
import type { AnySchema, Of } from './schema.ts';

/** How a reader takes what one writer wrote: as it stands, converted, or not at all. */
type Plan =
  | { readonly kind: 'same' }
  | { readonly kind: 'convert'; readonly convert: (json: unknown) => unknown }
  | { readonly kind: 'unreadable'; readonly issues: readonly Issue[] };

/** Texts that one reader meets are a handful; a log or a topic of thousands must not fill the memory. */
const MOST_WRITERS = 1_000;

/** By reader, then by the writer's fingerprint (hazard A1). A reader that nobody holds any more takes its plans along. */
const plans = new WeakMap<AnySchema, Map<string, Plan>>();

/**
 * The memory form of stored JSON text for a reader with this schema, resolved from the schema it was written with, by the rules of Avro's schema resolution
 * ({@link resolveAvro}): the same ones as for Avro bytes from a topic. The same text on both sides costs what {@link decodePayload} does; any other pair is
 * resolved once for each fingerprint and reader. A pair that cannot be read has the findings as its issues; nothing is ever thrown.
 */
export function resolvePayload<S extends AnySchema>(
  reader: S,
  writer: Pick<WriterSchema, 'fingerprint' | 'avro'>,
  text: string,
): Checked<Of<S>> {
  if (writer.avro === reader.avro) return decodePayload(reader, text);
  const plan = planOf(reader, writer);
  if (plan.kind === 'same') return decodePayload(reader, text);
  if (plan.kind === 'unreadable') return { issues: plan.issues };
  return converted(reader, plan.convert, text);
}

function converted<S extends AnySchema>(reader: S, convert: (json: unknown) => unknown, text: string): Checked<Of<S>> {
  let json: unknown;
  try {
    json = convert(JSON.parse(text));
  } catch {
    return { issues: [{ message: 'is no JSON', path: [] }] };
  }
  const { take, read } = kindOf(reader);
  const value = take(json);
  // `take` may have changed parts of it before it found what does not fit.
  return value === undefined ? run<Of<S>>(read, convert(JSON.parse(text)), false) : { value: value as Of<S> };
}

function planOf(reader: AnySchema, { fingerprint, avro }: Pick<WriterSchema, 'fingerprint' | 'avro'>): Plan {
  const ofReader = plans.get(reader) ?? new Map<string, Plan>();
  const known = ofReader.get(fingerprint);
  if (known !== undefined) return known;
  const { findings, isSame, convert } = resolveAvro(avro, reader.avro);
  const plan: Plan = isSame
    ? { kind: 'same' }
    : findings.length === 0
      ? { kind: 'convert', convert }
      : {
          kind: 'unreadable',
          issues: findings.map(({ path, message, remedy }) => ({
            path: path === '' ? [] : [path],
            message: `${message}; ${remedy}`,
          })),
        };
  if (ofReader.size >= MOST_WRITERS) ofReader.clear();
  plans.set(reader, ofReader.set(fingerprint, plan));
  return plan;
}
