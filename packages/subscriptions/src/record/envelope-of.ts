import type { Envelope } from '@leftfold/core';

/** The envelope of anything that has one, and nothing else of it. */
export function envelopeOf(of: Envelope): Envelope {
  const { id, type, version, tenant, stream, category, key, streamVersion, position, recordedAt, metadata } = of;
  return { id, type, version, tenant, stream, category, key, streamVersion, position, recordedAt, metadata };
}
