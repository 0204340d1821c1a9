import { memory } from '@leftfold/memory';
import type { Checkpoints, Member } from '@leftfold/subscriptions';
import { expect, test } from 'vitest';
import { checkpointsConformance } from './checkpoints-conformance.ts';

/** What must not be, as a wrapper around checkpoints that are right; and a case that must see it. */
const BREAKS: { readonly [name: string]: readonly [(checkpoints: Checkpoints) => Partial<Checkpoints>, string] } = {
  'the epoch is not checked': [
    (checkpoints) => ({
      save: async (claim, move) => {
        const [row] = (await checkpoints.list(claim.follower)).filter(({ lane }) => lane === claim.lane);
        return checkpoints.save({ ...claim, epoch: row?.epoch ?? claim.epoch }, move);
      },
    }),
    'R4 a save of an old owner is LF_LANE_LOST and writes nothing, though its cursor is the saved one',
  ],
  'the cursor is not compared': [
    (checkpoints) => ({
      save: async (claim, move) => {
        const [row] = (await checkpoints.list(claim.follower)).filter(({ lane }) => lane === claim.lane);
        return checkpoints.save(claim, { ...move, from: row?.cursor ?? 'start' });
      },
    }),
    'C1 a save from another cursor than the saved one is LF_LANE_LOST and writes nothing',
  ],
  'the cursor is compared before it is written, not with it': [
    (checkpoints) => ({
      save: async (claim, move) => {
        const [before] = (await checkpoints.list(claim.follower)).filter(({ lane }) => lane === claim.lane);
        if (before?.cursor !== move.from) return checkpoints.save(claim, move);
        await new Promise((resolve) => setImmediate(resolve));
        const [row] = (await checkpoints.list(claim.follower)).filter(({ lane }) => lane === claim.lane);
        return checkpoints.save(claim, { ...move, from: row?.cursor ?? 'start' });
      },
    }),
    'of many saves from one cursor at once exactly one moves it',
  ],
  'an epoch is raised only when the owner changes': [
    (checkpoints) => {
      const known = new Map<string, Awaited<ReturnType<Checkpoints['claim']>>>();
      return {
        claim: async (follower, lane, options) => {
          const key = JSON.stringify([follower, lane, options.owner]);
          const claim = known.get(key) ?? (await checkpoints.claim(follower, lane, options));
          known.set(key, claim);
          return claim;
        },
      };
    },
    'each claim has a higher epoch than all before it, whoever had the lane',
  ],
  'leases are not respected': [
    (checkpoints) => ({
      claim: (follower, lane, options) => checkpoints.claim(follower, lane, { ...options, respectLease: false }),
    }),
    'a lane whose lease runs is refused to another owner who respects it, and nothing changes',
  ],
  'renewing does nothing': [
    (checkpoints) => ({
      renew: async (renewals) => {
        const standings = await checkpoints.renew(renewals.map((renewal) => ({ ...renewal, claims: [] })));
        return standings.map((standing, i) => ({
          ...standing,
          ours: renewals[i]?.claims.map(({ lane }) => lane) ?? [],
        }));
      },
    }),
    'renewing names the lanes that are still ours, and leaves the others to their owners',
  ],
  'anybody can release': [
    (checkpoints) => ({
      release: async (claim) => {
        const [row] = await checkpoints.list(claim.follower);
        return checkpoints.release({ ...claim, epoch: row?.epoch ?? claim.epoch });
      },
    }),
    'a released lane goes to the next at once, at the saved cursor; an old owner’s release does nothing',
  ],
  'a save without a ledger drops it': [
    (checkpoints) => ({ save: (claim, move) => checkpoints.save(claim, { ledger: null, ...move }) }),
    'a save moves the cursor, and the ledger if one is given; the next claim finds both',
  ],
  'a member that has left is still there': [
    () => ({ leave: async () => {} }),
    'who renews is a member with its lanes; who leaves is none at once; what it has claimed stays its own',
  ],
  'a member that does not renew is there for ever': [
    (checkpoints) => {
      const seen = new Map<string, Member>();
      return {
        renew: async (renewals) => {
          const standings = await checkpoints.renew(renewals);
          for (const { members } of standings) for (const member of members) seen.set(member.owner, member);
          return standings.map((standing) => ({ ...standing, members: [...seen.values()] }));
        },
      };
    },
    'who does not renew is no member once its lease has ended, and is one again when it renews',
  ],
  'all followers of a process have the members of the first': [
    (checkpoints) => ({
      renew: async (renewals) => {
        const standings = await checkpoints.renew(renewals);
        return standings.map((standing) => ({ ...standing, members: standings[0]?.members ?? [] }));
      },
    }),
    'one renewal speaks for several followers, which have nothing to do with each other',
  ],
  'lanes of others do not show': [
    (checkpoints) => ({
      renew: async (renewals) => {
        const standings = await checkpoints.renew(renewals);
        return standings.map((standing, i) => ({
          ...standing,
          held: standing.held.filter(({ owner }) => owner === renewals[i]?.owner),
        }));
      },
    }),
    'a renewal says which lanes have a running lease, and whose',
  ],
  'versions of a follower share a place': [
    (checkpoints) => ({
      list: (follower) => checkpoints.list({ ...follower, version: 1 }),
      claim: (follower, lane, options) => checkpoints.claim({ ...follower, version: 1 }, lane, options),
    }),
    'followers, versions and lanes are apart from each other',
  ],
};

for (const [name, [breaks, title]] of Object.entries(BREAKS)) {
  test(`the suite catches checkpoints in which ${name}: "${title}"`, async () => {
    const { checkpoints } = memory();
    const broken: Checkpoints = {
      claim: (...args) => checkpoints.claim(...args),
      renew: (...args) => checkpoints.renew(...args),
      save: (...args) => checkpoints.save(...args),
      release: (...args) => checkpoints.release(...args),
      leave: (...args) => checkpoints.leave(...args),
      list: (...args) => checkpoints.list(...args),
      ...breaks(checkpoints),
    };
    const caught = checkpointsConformance({ checkpoints: () => broken }).find((one) => one.title === title);
    await expect(caught?.run()).rejects.toBeInstanceOf(Error);
  });
}
