import type { FollowerId, ModelVersion } from '@leftfold/subscriptions';

/** As {@link ModelVersion.fedBy} has it, where appends of this very process feed a version. */
const HERE = 'appends of this process';

/** These versions, with those that this process feeds itself as fed: nobody else knows of them. */
export function isFedHere(versions: readonly ModelVersion[], fedHere: readonly FollowerId[]): readonly ModelVersion[] {
  if (fedHere.length === 0) return versions;
  return versions.map((one) =>
    fedHere.some(({ name, version }) => name === one.projection && version === one.version)
      ? { ...one, fedBy: [...one.fedBy, HERE] }
      : one,
  );
}
