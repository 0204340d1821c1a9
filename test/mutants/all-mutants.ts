import { aggregatesMutants } from './aggregates.ts';
import { appendMutants } from './appends.ts';
import { codecMutants } from './codec.ts';
import { codecHazardMutants } from './codec-hazards.ts';
import { driverMutants } from './driver.ts';
import { freshnessMutants } from './freshness.ts';
import { hintMutants } from './hints.ts';
import { identityMutants } from './identity.ts';
import { inlineMutants } from './inline.ts';
import { kafkaMutants } from './kafka.ts';
import { kafkaAccessMutants } from './kafka-access.ts';
import { kafkaSourcesMutants } from './kafka-sources.ts';
import { lanesMutants } from './lanes.ts';
import { logLanesMutants } from './log-lanes.ts';
import { logPlansMutants } from './log-plans.ts';
import { logVisibilityMutants } from './log-visibility.ts';
import type { Mutant } from './mutant.ts';
import { observationMutants } from './observation.ts';
import { parkingMutants } from './parking.ts';
import { projectionMutants } from './projections.ts';
import { publishingMutants } from './publishing.ts';
import { reactionMutants } from './reactions.ts';
import { readModelMutants } from './read-models.ts';
import { registryMutants } from './registries.ts';
import { relayMutants } from './relay.ts';
import { releaseGateMutants } from './release-gate.ts';
import { rolesMutants } from './roles.ts';
import { schemaReleasesMutants } from './schema-releases.ts';
import { schemaResolutionMutants } from './schema-resolution.ts';
import { schemasAwaitedMutants } from './schemas-awaited.ts';
import { sharedAppendsMutants } from './shared-appends.ts';
import { sharingMutants } from './sharing.ts';
import { sqlProjectionMutants } from './sql-projections.ts';
import { storeMutants } from './store.ts';
import { storedPayloadMutants } from './stored-payloads.ts';
import { subscriptionsMutants } from './subscriptions.ts';
import { threadsMutants } from './threads.ts';
import { tortureMutants } from './torture.ts';
import { versionsMutants } from './versions.ts';
import { withheldMutants } from './withheld.ts';

/** Every deliberate break, by part. */
export const ALL_MUTANTS: readonly Mutant[] = [
  ...logVisibilityMutants,
  ...logPlansMutants,
  ...logLanesMutants,
  ...hintMutants,
  ...appendMutants,
  ...driverMutants,
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
  ...storedPayloadMutants,
  ...registryMutants,
  ...codecHazardMutants,
  ...releaseGateMutants,
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
export const HAZARDS: readonly string[] =
  'L1 L2 L3 L4 L5 L6 L7 L8 L9 L10 L11 L12 L13 L14 L15 L16 L17 L18 L19 L20 L21 L22 P1 P2 R1 R2 R3 R4 R5 R5b R5c R6 R7 R8 R9 R10 R11 R12 R13 R14 R15 C1 C2 C3 C4 C5 C6 C7 C8 C9 C11 C11b C12 C13 C14 C15 C16 A1 A2 A3 A4 A5 A6 A7 A8'.split(
    ' ',
  );
