import type { HeldLane, Member } from '../checkpoints.ts';
import type { Lane } from '../source.ts';

/**
 * Who shall have which lane, so that members have as equal numbers as what each would take allows; where all would take all, they differ by one at most. Each keeps
 * what it has as far as that goes, a lane that nobody has goes to the taker with the fewest, and of two with equal claims to the name that comes first. So a
 * process that only stands by takes nothing from one that works.
 *
 * Pure, and the same for all that see the same, so members need not talk to each other; and once everybody has what this says, it says the same again:
 * nobody gives back what nobody else takes, nothing goes to and fro. Members that see different states for a moment may leave a lane to each
 * other, or give one back in vain: the next look mends it, and the epoch keeps them apart meanwhile.
 *
 * An optimal semi-matching, by cost-reducing paths (Harvey, Ladner, Lovász, Tamir: "Semi-matchings for bipartite graphs and load balancing", 2003).
 *
 * @param held lanes with a running lease; an owner that is no member keeps its lane until the lease ends
 */
export function spreadLanes(members: readonly Member[], held: readonly HeldLane[]): ReadonlyMap<Lane, string> {
  const takers = takersOf(members);
  const has = new Map(members.map(({ owner }) => [owner, new Set<Lane>()]));
  const by = (owner: string): Set<Lane> => has.get(owner) as Set<Lane>;
  const fewestFirst = (owners: readonly string[]): readonly string[] =>
    owners.toSorted((a, b) => by(a).size - by(b).size || (a < b ? -1 : 1));

  for (const { lane, owner } of held) if (takers.get(lane)?.includes(owner)) by(owner).add(lane);
  for (const [lane, owners] of takers) {
    if (owners.some((owner) => by(owner).has(lane))) continue;
    by(fewestFirst(owners)[0] as string).add(lane);
  }
  for (let shift = nextShift(); shift !== undefined; shift = nextShift())
    for (const { lane, from, to } of shift) {
      by(from).delete(lane);
      by(to).add(lane);
    }
  return new Map([...has].flatMap(([owner, lanes]) => [...lanes].map((lane) => [lane, owner] as const)));

  /** Lanes to hand on, one each, so that in the end somebody has one less and somebody with two less has one more. */
  function nextShift(): readonly Handing[] | undefined {
    for (const most of fewestFirst([...has.keys()]).toReversed()) {
      const paths = new Map<string, readonly Handing[]>([[most, []]]);
      for (const [from, path] of paths) {
        const next = new Map<string, Lane>();
        for (const lane of [...by(from)].toSorted())
          for (const to of takers.get(lane) ?? []) if (!paths.has(to)) next.set(to, lane);
        for (const to of fewestFirst([...next.keys()])) {
          const longer = [...path, { lane: next.get(to) as Lane, from, to }];
          if (by(to).size <= by(most).size - 2) return longer;
          paths.set(to, longer);
        }
      }
    }
    return undefined;
  }
}

interface Handing {
  readonly lane: Lane;
  readonly from: string;
  readonly to: string;
}

/** Who would take a lane; scarce lanes first, then by name. */
function takersOf(members: readonly Member[]): ReadonlyMap<Lane, readonly string[]> {
  const owners = new Map<Lane, string[]>();
  for (const { owner, lanes } of members)
    for (const lane of new Set(lanes)) owners.set(lane, [...(owners.get(lane) ?? []), owner]);
  return new Map([...owners].toSorted(([a, x], [b, y]) => x.length - y.length || (a < b ? -1 : 1)));
}
