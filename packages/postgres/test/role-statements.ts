import type { Role } from '../src/roles/role-names.ts';

const followers = ['relay', 'projector', 'rebuild'] as const;
const projectors = ['projector', 'rebuild'] as const;
const all = ['writer', 'relay', 'projector', 'rebuild', 'eraser', 'operator', 'reader'] as const;
const values = `'v', gen_random_uuid(), 1, 1, '', 'x-1', 'x', null, '{}', '{}'`.replace("'v'", '9');

/** What may be tried on a log with a read model `leftfold_thing_list_v1`, and who may; for all others it is refused. */
export const statements: readonly (readonly [sql: string, may: readonly Role[]])[] = [
  // Events: added by writers, changed by nobody
  ['select payload from leftfold.events', all.filter((role) => role !== 'operator')],
  [
    `insert into leftfold.events (version, event_id, hash, schema_id, tenant, stream_id, category, topic, payload, metadata) values (${values})`,
    ['writer'],
  ],
  [`insert into leftfold.events (position, version) values (1, 1)`, []],
  [`insert into leftfold.events (xid, version) values ('7', 1)`, []],
  [`insert into leftfold.events (recorded_at, version) values (now(), 1)`, []],
  [`update leftfold.events set payload = payload`, ['eraser']],
  [`update leftfold.events set metadata = metadata`, ['eraser']],
  ...[
    'position = 1',
    `xid = '7'`,
    'version = 1',
    `tenant = 'x'`,
    `stream_id = 'x'`,
    'event_id = event_id',
    'topic = null',
    'schema_id = 1',
    'recorded_at = now()',
  ].map((set) => [`update leftfold.events set ${set}`, []] as const),
  ['delete from leftfold.events', []],
  ['truncate leftfold.events', []],
  ['alter table leftfold.events disable trigger all', []],
  ['drop trigger events_immutable on leftfold.events', []],
  [`set local session_replication_role = replica`, []],
  ['drop table leftfold.events', []],
  ['lock table leftfold.events in access exclusive mode', []],
  // Streams
  ['select version from leftfold.streams', ['writer', 'reader']],
  [`insert into leftfold.streams values ('', 'x-1', 'x', 1, 1)`, ['writer']],
  ['update leftfold.streams set version = version + 1', ['writer']],
  [`update leftfold.streams set category = 'y'`, []],
  ['update leftfold.streams set hash = 1', []],
  ['delete from leftfold.streams', []],
  [`select nextval('leftfold.position')`, ['writer']],
  [`select setval('leftfold.position', 1)`, []],
  // What else an append writes
  ['select avro from leftfold.schemas', all.filter((role) => role !== 'operator')],
  [`insert into leftfold.schemas (type, version, fingerprint, avro) values ('x', 1, 'f', '{}')`, ['writer']],
  [`update leftfold.schemas set avro = '{}'`, []],
  ['delete from leftfold.schemas', []],
  ...(['replies', 'unique_keys', 'snapshots'] as const).flatMap((table) => [
    [`select tenant from leftfold.${table}`, ['writer', 'reader']] as const,
    [`delete from leftfold.${table}`, ['writer']] as const,
    [`update leftfold.${table} set tenant = tenant`, ['writer']] as const,
    [`insert into leftfold.${table} select * from leftfold.${table}`, ['writer']] as const,
  ]),
  // Places
  ['select cursor from leftfold.checkpoints', [...followers, 'reader']],
  [`insert into leftfold.checkpoints (follower, version, lane) values ('x', 1, '0')`, followers],
  [`update leftfold.checkpoints set epoch = epoch + 1`, followers],
  ['delete from leftfold.checkpoints', []],
  ['truncate leftfold.checkpoints', []],
  ['select owner from leftfold.members', [...followers, 'operator', 'reader']],
  [`insert into leftfold.members values ('x', 1, 'o', '{}', now())`, followers],
  ['update leftfold.members set lease_until = now()', followers],
  ['delete from leftfold.members', followers],
  ['select cursor from leftfold.milestones', [...followers, 'reader']],
  [
    `insert into leftfold.milestones (follower, version, lane, log, generation, cursor, partitions) values ('x', 1, '0', gen_random_uuid(), 1, 'c', '[]')`,
    ['relay'],
  ],
  ['update leftfold.milestones set at = now()', []],
  ['delete from leftfold.milestones', ['relay']],
  // What the relay withholds, and what is asked of it
  ['select cause from leftfold.withheld', [...followers, 'operator', 'reader']],
  [
    `insert into leftfold.withheld (topic, tenant, stream_id, version, category, lane, partition, event_id, type, position, sequence, code, cause)
     values ('t', '', 's-1', 1, 's', '0', 0, gen_random_uuid(), 's.x', 1, 1, 'c', 'c')`,
    ['relay'],
  ],
  [
    `update leftfold.withheld set request = 'redrive', requested_by = 'x', requested_at = now(), reason = null`,
    ['relay', 'operator'],
  ],
  [`update leftfold.withheld set state = 'given-up'`, ['relay']],
  ['update leftfold.withheld set sequence = 1', ['relay']],
  ['delete from leftfold.withheld', []],
  ['truncate leftfold.withheld', []],
  // What projectors have parked, and what is asked of them
  ...(['parked_keys', 'parked_events', 'parked_notes'] as const).flatMap((table) => [
    [`select tenant from leftfold.${table}`, [...projectors, 'operator', 'reader']] as const,
    [`delete from leftfold.${table}`, table === 'parked_notes' ? [] : projectors] as const,
    [`truncate leftfold.${table}`, []] as const,
  ]),
  [
    `insert into leftfold.parked_keys (follower, version, lane, tenant, key, code, cause) values ('x', 1, '0', '', 'stream/x-1', 'c', 'c')`,
    projectors,
  ],
  [
    `update leftfold.parked_keys set request = 'retry', request_first = 1, requested_by = 'x', requested_at = now(), reason = null`,
    [...projectors, 'operator'],
  ],
  [`update leftfold.parked_keys set cause = 'x'`, projectors],
  [
    `update leftfold.parked_events set edited = '{}', edited_by = 'x', edited_at = now(), edit_reason = 'x'`,
    [...projectors, 'operator'],
  ],
  [`update leftfold.parked_events set envelope = '{}'`, projectors],
  [`update leftfold.parked_notes set reason = 'x'`, []],
  [
    `insert into leftfold.applied_ahead (follower, version, lane, tenant, stream_id, stream_version) values ('x', 1, '0', '', 'x-1', 1)`,
    projectors,
  ],
  ['select stream_version from leftfold.applied_ahead', [...projectors, 'reader']],
  ['delete from leftfold.applied_ahead', projectors],
  // Versions of read models, and what keeps lanes from going on
  ['select state from leftfold.versions', [...projectors, 'operator', 'reader']],
  [`insert into leftfold.versions (projection, version, state) values ('x', 1, 'live')`, projectors],
  [`update leftfold.versions set state = 'live', held = false, since = now()`, [...projectors, 'operator']],
  ['update leftfold.versions set columns = null', projectors],
  ['update leftfold.versions set followed_at = now()', projectors],
  ['delete from leftfold.versions', ['rebuild']],
  ['select code from leftfold.conditions', [...followers, 'operator', 'reader']],
  [
    `insert into leftfold.conditions (follower, version, lane, state, code, since, failures, owner) values ('x', 1, '0', 'stopped', 'c', now(), 1, 'o')`,
    followers,
  ],
  [`update leftfold.conditions set code = 'x'`, followers],
  ['delete from leftfold.conditions', followers],
  // The log itself
  ['select id from leftfold.log', all],
  ['update leftfold.log set generation = 2', []],
  [`select leftfold.raise_generation('x')`, []],
  ['select number from leftfold.migrations', all],
  [`insert into leftfold.migrations (number, name) values (99, 'x')`, []],
  ['select reason from leftfold.erasures', ['eraser', 'reader']],
  [`insert into leftfold.erasures (tenant, stream_id, version, position, reason) values ('', 'x', 1, 1, 'x')`, []],
  ['delete from leftfold.erasures', []],
  // Read models
  ['select what from leftfold_thing_list_v1.thing_list', [...projectors, 'reader']],
  [`insert into leftfold_thing_list_v1.thing_list (id, what, _stream_version) values ('x', 'x', 1)`, projectors],
  [`update leftfold_thing_list_v1.thing_list set what = 'x'`, projectors],
  ['delete from leftfold_thing_list_v1.thing_list__deleted', projectors],
  ['create table leftfold_thing_list_v1.more (a int)', projectors],
  ['drop schema leftfold_thing_list_v1 cascade', []],
  [`select leftfold.make_model_schema('leftfold_other_v1')`, projectors],
  [`select leftfold.drop_model_schema('leftfold_thing_list_v1')`, ['rebuild']],
  ...['leftfold', 'public', 'other_thing_list_v1', 'leftfold_x_v1; drop schema leftfold', 'leftfold_x'].flatMap(
    (schema) => [
      [`select leftfold.make_model_schema('${schema}')`, []] as const,
      [`select leftfold.drop_model_schema('${schema}')`, []] as const,
    ],
  ),
  // Anywhere else
  ['create schema elsewhere', []],
  ['create table leftfold.more (a int)', []],
  ['create table public.more (a int)', []],
  ['create role more', []],
  [`copy leftfold.events to program 'cat'`, []],
  ...all.map((role) => [`set local role leftfold_${role}`, role === 'projector' ? projectors : [role]] as const),
];
