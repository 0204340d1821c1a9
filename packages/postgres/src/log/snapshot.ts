/**
 * A `pg_snapshot`: a transaction is visible in it when it had ended before it was taken, which is when its id lies below `xmax` and is not
 * among the running ones. Ids are 64 bits wide and never repeat in the life of a cluster, save after a crash ({@link advanced}).
 */
export interface Snapshot {
  readonly xmax: bigint;
  /** Ids below `xmax` that were running, rising. */
  readonly running: readonly bigint[];
}

/** Sees nothing: 3 is the first id that a transaction can have. */
export const EMPTY: Snapshot = { xmax: 3n, running: [] };

const FORM = /^(\d{1,19}):(\d{1,19}):((?:\d{1,19}(?:,\d{1,19})*)?)$/;

/** Reads Postgres' text form, `xmin:xmax:xip,…`. `undefined` for anything that Postgres would not write. */
export function parseSnapshot(text: string): Snapshot | undefined {
  const [, low, high, list = ''] = FORM.exec(text) ?? [];
  if (low === undefined || high === undefined) return undefined;
  const [xmin, xmax] = [BigInt(low), BigInt(high)];
  const running = list === '' ? [] : list.split(',').map(BigInt);
  const isRising = running.every((xid, i) => xid >= (running[i - 1] ?? xmin) && xid !== running[i - 1]);
  if (xmin < 1n || xmin > xmax || !isRising || (running.at(-1) ?? 0n) >= xmax) return undefined;
  return { xmax, running };
}

/** In Postgres' text form. */
export function snapshotText({ xmax, running }: Snapshot): string {
  return `${running[0] ?? xmax}:${xmax}:${running.join(',')}`;
}

/** Whether a transaction had ended when the snapshot was taken. */
export function isVisible({ xmax, running }: Snapshot, xid: bigint): boolean {
  return xid < xmax && !running.includes(xid);
}

/** Whether every transaction visible in `narrow` is visible in `wide`. */
export function covers(wide: Snapshot, narrow: Snapshot): boolean {
  const isSeen = wide.running.every((xid) => !isVisible(narrow, xid));
  if (!isSeen || narrow.xmax <= wide.xmax) return isSeen;
  // Beyond what `wide` can know of, `narrow` must see nothing.
  const beyond = narrow.running.filter((xid) => xid >= wide.xmax).length;
  return BigInt(beyond) === narrow.xmax - wide.xmax;
}

/**
 * The boundary that follows `seen` when `now` is Postgres' snapshot and `highest` the highest id of an event visible in it and not below
 * `seen.xmax` (none: `undefined`): `now`, cut behind that event. It sees the very events that `now` sees.
 *
 * Why cut: ids are handed out in memory. Those that leave no flushed WAL, of aborted and of read-only-minded transactions, are handed out again
 * after a crash, and a cursor kept outside that reaches beyond them would swallow the events of their second owners (hazard L18). An event that
 * is visible has its commit record on disk (every append sees to that), and replaying that record moves the next id
 * beyond it. So no id below the cut ever comes back, and none at or above it is taken for seen. The same cut keeps a cursor still while
 * nothing but other transactions goes on in the cluster.
 */
export function advanced(seen: Snapshot, now: Snapshot, highest: bigint | undefined): Snapshot {
  const behind = highest === undefined ? seen.xmax : highest + 1n;
  const xmax = behind > seen.xmax ? behind : seen.xmax;
  return { xmax, running: now.running.filter((xid) => xid < xmax) };
}

/** The ids that a window between two boundaries is made of. */
export interface WindowIds {
  /** Running at the first boundary, ended at the second. */
  readonly late: readonly bigint[];
  /** Open intervals between whose ends all ids are new since the first boundary and ended at the second. */
  readonly fresh: readonly { readonly above: bigint; readonly below: bigint }[];
}

/** What is visible in `to` and not in `from`; `to` covers `from`. */
export function windowIds(from: Snapshot, to: Snapshot): WindowIds {
  const bounds = [from.xmax - 1n, ...to.running.filter((xid) => xid >= from.xmax), to.xmax];
  const fresh = bounds.slice(1).flatMap((below, i) => {
    const above = bounds[i] as bigint;
    return below - above > 1n ? [{ above, below }] : [];
  });
  return { late: from.running.filter((xid) => isVisible(to, xid)), fresh };
}
