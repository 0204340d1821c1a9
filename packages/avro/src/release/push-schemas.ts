import type { Catalogue } from '@leftfold/core';
import type { SchemaRegistry } from '../registry/schema-registry.ts';
import { checkRelease, type CheckOptions } from './check-release.ts';
import { avroOf } from '../registry/checked-avro.ts';
import { incompatibilities } from '../registry/incompatibilities.ts';
import { incompatible } from './incompatible-texts.ts';
import type { ReleaseFinding } from './release-finding.ts';
import { releasedVersions } from './released-versions.ts';

/** A text that this push registered. */
export interface PushedSchema {
  readonly event: string;
  readonly version: number;
  readonly subject: string;
  readonly id: number;
}

/** What a push did. */
export type PushOutcome =
  | {
      readonly kind: 'pushed';
      readonly registry: string;
      /** In the order they were registered; none when all was there. */
      readonly pushed: readonly PushedSchema[];
      /** How many of today's texts had been registered before. */
      readonly already: number;
    }
  /** Nothing was registered. */
  | { readonly kind: 'refused'; readonly registry: string; readonly faults: readonly ReleaseFinding[] };

/** Options of {@link pushSchemas}. */
export interface PushOptions extends CheckOptions {
  /**
   * The service's folder, when `registry` is another one. What the folder has and `registry` lacks is registered, oldest first: a new registry learns the texts of old events, too,
   * which a relay may still have to send. What is not in the folder is refused: released is what stands in git.
   */
  readonly released?: SchemaRegistry;
  /** Called after each text that was registered; a fault further on takes none of them back. */
  readonly onRegistered?: (pushed: PushedSchema) => void;
}

/**
 * Registers every text that is not registered yet, after {@link checkRelease} found no fault and no text breaks its subject's rule: one fault, and nothing is registered.
 * Idempotent, so a push that was cut short is simply run again; what it had registered by then stays, since no registry takes several texts at once.
 *
 * Faults: those of {@link SchemaRegistry}; `LF_SCHEMA_INCOMPATIBLE` when the registry is stricter than the check.
 */
export async function pushSchemas(
  catalogue: Catalogue,
  registry: SchemaRegistry,
  { released, onRegistered, ...options }: PushOptions = {},
): Promise<PushOutcome> {
  const there = await checkRelease(catalogue, registry, options);
  const here = released === undefined ? undefined : await checkRelease(catalogue, released, { exclusive: true });
  const { wanted, faults, already } = await planned(catalogue, registry, released);
  const all = [...(here?.faults ?? []), ...(here?.unreleased ?? []), ...there.faults, ...faults];
  if (all.length > 0) return { kind: 'refused', registry: registry.description, faults: all };
  const pushed: PushedSchema[] = [];
  for (const { text, ...of } of wanted) {
    const one = { ...of, id: await registry.register(of.subject, text) };
    pushed.push(one);
    onRegistered?.(one);
  }
  return { kind: 'pushed', registry: registry.description, pushed, already };
}

interface Plan {
  readonly wanted: readonly (Omit<PushedSchema, 'id'> & { readonly text: string })[];
  readonly faults: readonly ReleaseFinding[];
  readonly already: number;
}

/** What is to be registered, in order, and which texts of the folder `registry` will not take. Those of the definitions are checked by {@link checkRelease}. */
async function planned(catalogue: Catalogue, registry: SchemaRegistry, released?: SchemaRegistry): Promise<Plan> {
  const there = await releasedVersions(catalogue, registry);
  const here = released === undefined ? [] : await releasedVersions(catalogue, released);
  const wanted: Plan['wanted'][number][] = [];
  const faults: ReleaseFinding[] = [];
  for (const one of here) {
    for (const of of [...one.former, one]) {
      const known = [...(await registry.versions(of.subject))];
      for (const text of of.released) {
        if ((await registry.find(of.subject, text.avro)) !== undefined) continue;
        const avro = avroOf(text);
        // The check of the folder tells of it.
        if ('why' in avro) continue;
        const found = incompatibilities(avro.json, known, await registry.compatibility(of.subject));
        faults.push(...found.map((fault) => incompatible(one, of.subject, fault)));
        known.push({ ...text, version: known.length + 1 });
        wanted.push({ event: one.type.type, version: one.version.version, subject: of.subject, text: text.avro });
      }
    }
  }
  for (const { type, version, subject, text, current } of there)
    if (current === undefined && !wanted.some((one) => one.subject === subject && one.text === text))
      wanted.push({ event: type.type, version: version.version, subject, text });
  return { wanted, faults, already: there.filter(({ current }) => current !== undefined).length };
}
