import type { Incompatibility } from '../registry/incompatibilities.ts';
import type { ReleaseFinding } from './release-finding.ts';
import type { ReleasedVersion } from './released-versions.ts';

/** An incompatibility as the gate tells it. */
export function incompatible(
  { type, version }: Pick<ReleasedVersion, 'type' | 'version'>,
  subject: string,
  { earlier, reader, mismatch, mode }: Incompatibility,
): ReleaseFinding {
  const revision = `revision ${earlier.version}`;
  const whose = reader === 'further' ? `cannot read what ${revision} wrote` : `writes what ${revision} could not read`;
  return {
    kind: 'incompatible',
    event: type.type,
    version: version.version,
    subject,
    revision: earlier.version,
    ...(mismatch.path !== '' && { field: mismatch.path }),
    rule: mismatch.rule,
    message: `the definition ${whose} (${mode}): ${mismatch.message}`,
    remedy: mismatch.remedy,
  };
}
