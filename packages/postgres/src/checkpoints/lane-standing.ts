import type { HeldLane, Lane, Member, Renewal, Standing } from '@leftfold/subscriptions';

/** One line of what a renewal answers. */
export interface StandingRow {
  readonly kind: 'ours' | 'member' | 'held';
  /** Which of the renewals it belongs to. */
  readonly n: number;
  readonly lane: Lane | null;
  readonly owner: string | null;
  /** JSON text. */
  readonly lanes: string | null;
  readonly ends_in_ms: number | null;
}

/** A renewal as the statement takes it. */
export function renewalJson({ follower, owner, leaseMs, lanes, claims }: Renewal, n: number): object {
  return {
    n,
    follower: follower.name,
    version: follower.version,
    owner,
    lease_ms: leaseMs,
    lanes,
    claims: claims.map(({ lane, epoch }) => ({ lane, epoch: epoch.toString() })),
  };
}

/**
 * How lanes stand after a renewal. The statement reads what was there before it: what it has renewed itself runs for a whole lease from now, and the asking
 * process is there, whether it was before or not.
 */
export function standingOf({ owner, leaseMs, lanes }: Renewal, rows: readonly StandingRow[]): Standing {
  const ours = rows.flatMap(({ kind, lane }) => (kind === 'ours' && lane !== null ? [lane] : []));
  const members = rows.flatMap((row): readonly Member[] =>
    row.kind === 'member' && row.owner !== null
      ? [{ owner: row.owner, lanes: JSON.parse(row.lanes ?? '[]') as readonly Lane[], endsInMs: row.ends_in_ms ?? 0 }]
      : [],
  );
  const others = rows.flatMap((row): readonly HeldLane[] =>
    row.kind === 'held' && row.lane !== null && row.owner !== null && !ours.includes(row.lane)
      ? [{ lane: row.lane, owner: row.owner, endsInMs: row.ends_in_ms ?? 0 }]
      : [],
  );
  const held = [...others, ...ours.map((lane): HeldLane => ({ lane, owner, endsInMs: leaseMs }))];
  return {
    ours: ours.toSorted(),
    members: [...members, { owner, lanes, endsInMs: leaseMs }].sort((a, b) => (a.owner < b.owner ? -1 : 1)),
    held: held.sort((a, b) => (a.lane < b.lane ? -1 : 1)),
  };
}
