import type { AnyProjection } from '../projection/projection.ts';
import type { Versions } from '../versions.ts';

/** So long a query may still read the version of before: whoever reads looks at what is live every five seconds. */
const STILL_READ_MS = 6_000;

/**
 * The versions of projections that queries of this process read. Right after a version has become live that is two: queries look for themselves, and some have not looked yet. A write
 * is to be seen by either.
 */
export class ReadVersions {
  readonly #versions: Pick<Versions, 'bound'>;
  readonly #seen = new Map<string, Map<number, number>>();

  constructor(versions: Pick<Versions, 'bound'>) {
    this.#versions = versions;
  }

  /** The definition's own where there is none to be read yet. */
  async of(projection: AnyProjection): Promise<readonly number[]> {
    const version = (await this.#versions.bound(projection.tables)) ?? projection.version;
    const now = performance.now();
    const seen = this.#seen.get(projection.name) ?? new Map<number, number>();
    this.#seen.set(projection.name, seen.set(version, now));
    for (const [one, at] of seen) if (now - at > STILL_READ_MS) seen.delete(one);
    return [...seen.keys()];
  }
}
