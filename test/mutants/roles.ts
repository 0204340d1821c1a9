import type { Mutant } from './mutant.ts';

const SOURCES = 'packages/postgres/src';
const TESTS = 'packages/postgres/test';
const IMMUTABLE = `${TESTS}/immutable-events.int.test.ts`;
const REFUSED = `${TESTS}/roles-refused.int.test.ts`;

/** Breaks of what keeps events as they are, tenants apart, and logins to what is theirs. */
export const rolesMutants: readonly Mutant[] = [
  {
    id: 'events-deleted',
    title: 'no trigger is in the way of a DELETE',
    file: `${SOURCES}/migrations/0005-roles.ts`,
    find: 'before delete or truncate on',
    replace: 'before truncate on',
    test: IMMUTABLE,
    testName: 'even a superuser is refused',
  },
  {
    id: 'events-rewritten-by-an-erasure',
    title: 'an erasure may change whatever it likes',
    file: `${SOURCES}/migrations/0005-roles.ts`,
    find: "why = '' or to_jsonb(becomes) is distinct from to_jsonb(was) then",
    replace: "why = '' then",
    test: IMMUTABLE,
    testName: 'even a superuser is refused',
  },
  {
    id: 'erasure-off-the-record',
    title: 'an erasure leaves no record',
    file: `${SOURCES}/migrations/0005-roles.ts`,
    find: 'values (old.tenant, old.stream_id, old.version, old.position, why);',
    replace: "select old.tenant, old.stream_id, old.version, old.position, why where why = '';",
    test: IMMUTABLE,
    testName: 'each erasure of an event is on record',
  },
  {
    id: 'writer-deletes-events',
    title: "a writer's login may delete events",
    file: `${SOURCES}/roles/grants.ts`,
    find: "['update, delete', 'replies, unique_keys, snapshots'],",
    replace: "['update, delete', 'replies, unique_keys, snapshots, events'],",
    test: REFUSED,
    testName: 'a login with the role writer',
  },
  {
    id: 'follower-writes-events',
    title: "a relay's login may write events",
    file: `${SOURCES}/roles/grants.ts`,
    find: "['insert, update', 'checkpoints'],",
    replace: "['insert, update', 'checkpoints, events'],",
    test: REFUSED,
    testName: 'a login with the role relay',
  },
  {
    id: 'writer-draws-no-position',
    title: "a writer's login lacks what an append needs",
    file: `${SOURCES}/roles/grants.ts`,
    find: "    ['usage', 'sequence position'],\n",
    replace: '',
    test: `${TESTS}/roles-work.int.test.ts`,
    testName: 'a writer appends in all modes',
  },
  {
    id: 'L13-streams-of-all-tenants',
    title: "a stream is read by its id, whoever's it is",
    file: `${SOURCES}/store/read-stream.ts`,
    find: 'where e.tenant = $1 and e.stream_id = $2',
    replace: 'where $1::text is not null and e.stream_id = $2',
    test: `${TESTS}/tenants.int.test.ts`,
    testName: 'L13 streams, versions and event ids of one tenant',
  },
];
