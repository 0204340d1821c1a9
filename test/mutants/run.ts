// npm run mutants [-- id …]: breaks the sources one place at a time and expects the named test to fail. Last line: `N of N mutants caught`.
import { aggregatesMutants } from './aggregates.ts';
import { codecMutants } from './codec.ts';
import { freshnessMutants } from './freshness.ts';
import { identityMutants } from './identity.ts';
import { kafkaAccessMutants } from './kafka-access.ts';
import { kafkaSourcesMutants } from './kafka-sources.ts';
import { kafkaMutants } from './kafka.ts';
import { Laboratory } from './laboratory.ts';
import { lanesMutants } from './lanes.ts';
import type { Mutant } from './mutant.ts';
import { observationMutants } from './observation.ts';
import { parkingMutants } from './parking.ts';
import { postgresMutants } from './postgres.ts';
import { projectionMutants } from './projections.ts';
import { publishingMutants } from './publishing.ts';
import { reactionMutants } from './reactions.ts';
import { readModelMutants } from './read-models.ts';
import { relayMutants } from './relay.ts';
import { rolesMutants } from './roles.ts';
import { schemaReleasesMutants } from './schema-releases.ts';
import { schemaResolutionMutants } from './schema-resolution.ts';
import { schemasMutants } from './schemas.ts';
import { schemasAwaitedMutants } from './schemas-awaited.ts';
import { inlineMutants } from './inline.ts';
import { sharedAppendsMutants } from './shared-appends.ts';
import { sharingMutants } from './sharing.ts';
import { sqlProjectionMutants } from './sql-projections.ts';
import { storeMutants } from './store.ts';
import { subscriptionsMutants } from './subscriptions.ts';
import { threadsMutants } from './threads.ts';
import { tortureMutants } from './torture.ts';
import { versionsMutants } from './versions.ts';
import { withheldMutants } from './withheld.ts';

const ALL: readonly Mutant[] = [
  ...postgresMutants,
  ...identityMutants,
  ...storeMutants,
  ...sharedAppendsMutants,
  ...sharingMutants,
  ...inlineMutants,
  ...rolesMutants,
  ...aggregatesMutants,
  ...readModelMutants,
  ...sqlProjectionMutants,
  ...reactionMutants,
  ...subscriptionsMutants,
  ...kafkaMutants,
  ...threadsMutants,
  ...publishingMutants,
  ...kafkaSourcesMutants,
  ...kafkaAccessMutants,
  ...observationMutants,
  ...schemasAwaitedMutants,
  ...schemasMutants,
  ...codecMutants,
  ...schemaResolutionMutants,
  ...schemaReleasesMutants,
  ...tortureMutants,
  ...relayMutants,
  ...versionsMutants,
  ...withheldMutants,
  ...lanesMutants,
  ...freshnessMutants,
  ...parkingMutants,
  ...projectionMutants,
];
/** Each is seen to fail on a broken build: at least one mutant is caught by a test that is named after it. */
const HAZARDS =
  'L1 L2 L3 L4 L5 L6 L7 L8 L9 L10 L11 L12 L13 L14 L15 L16 L17 L18 L19 L20 L21 L22 P1 P2 R1 R2 R3 R4 R5 R5b R5c R6 R7 R8 R9 R10 R11 R12 R13 R14 R15 C1 C2 C3 C4 C5 C6 C7 C8 C9 C11 C11b C12 C13 C14 C15 C16 A1 A2 A3 A4 A5 A6 A7 A8'.split(
    ' ',
  );
const isNamedAfter = ({ testName = '' }: Mutant, hazard: string): boolean => testName.split(' ').includes(hazard);
const untested = HAZARDS.filter((hazard) => !ALL.some((mutant) => isNamedAfter(mutant, hazard)));
const ids = ALL.map(({ id }) => id);
if (untested.length > 0 || new Set(ids).size < ids.length)
  throw new Error(`No mutant for the hazards [${untested.join(', ')}], or two of one id: each needs one of its own`);

const wanted = process.argv.slice(2);
const mutants = wanted.length === 0 ? ALL : ALL.filter(({ id }) => wanted.some((part) => id.startsWith(part)));

const laboratory = await Laboratory.open();
let caught = 0;
try {
  // A test that fails on sound sources catches everything and proves nothing.
  const sound = new Map<string, string | undefined>();
  for (const mutant of mutants) {
    const name = `${mutant.test} ${mutant.testName ?? ''}`;
    if (!sound.has(name)) sound.set(name, await laboratory.faultOfSound(mutant));
    const fault = sound.get(name) ?? (await laboratory.faultOf(mutant));
    if (fault === undefined) caught += 1;
    console.log(`${fault === undefined ? 'caught ' : 'ALIVE  '} ${mutant.id.padEnd(38)} ${fault ?? mutant.title}`);
  }
} finally {
  await laboratory.close();
}
console.log(`${caught} of ${mutants.length} mutants caught`);
process.exitCode = caught === mutants.length && mutants.length > 0 ? 0 : 1;
