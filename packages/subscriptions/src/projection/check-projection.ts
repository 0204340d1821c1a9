import { DefinitionError, eventTypesByName, holdsPersonalData, type t } from '@leftfold/core';
import { RELAY } from '../checkpoints.ts';
import type { RowHandler } from './row-handler.ts';
import type { RowTable } from './row-table.ts';

const NAME = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;
const NAME_MAX = 48;
const VERSION_MAX = 9_999;
/** Not more than Postgres keeps of a name; a leading `_` marks the framework's own columns. */
const COLUMN = /^[a-z][a-z0-9_]{0,62}$/;

/** What {@link projection} is told, without its types. */
interface Options {
  readonly version: number;
  readonly row: t.Fields;
  readonly key: string;
  readonly order?: 'stream' | 'any';
  readonly indexes?: readonly (readonly string[])[];
}

/**
 * What every projection's name, version and order must be.
 * @throws {@link DefinitionError} `LF_PROJECTION_INVALID`
 */
export function checkProjection(
  name: string,
  { version, order }: { readonly version: number; readonly order: 'stream' | 'any' },
): void {
  const invalid = (message: string): never => refuse(name, message);
  if (!NAME.test(name) || name.length > NAME_MAX)
    invalid(`a name is kebab-case, as 'order-summary', and has at most ${NAME_MAX} characters`);
  if (name === RELAY.name)
    invalid("'relay' is how the relay is named in the checkpoints; each would move the other's cursor");
  if (!Number.isInteger(version) || version < 1 || version > VERSION_MAX)
    invalid(`a version is a whole number from 1 to ${VERSION_MAX}, not ${version}`);
  if (order !== 'stream' && order !== 'any') invalid(`its order is 'stream' or 'any', not '${String(order)}'`);
}

/** The table of a projection, checked. @throws {@link DefinitionError} `LF_PROJECTION_INVALID` */
export function rowTableOf(name: string, { version, row, key, order = 'stream', indexes = [] }: Options): RowTable {
  const invalid = (message: string): never => refuse(name, message);
  checkProjection(name, { version, order });
  const columns = Object.keys(row);
  for (const column of columns)
    if (!COLUMN.test(column))
      invalid(`'${column}' is no column: lower-case letters, digits and _, a letter first, at most 63 characters`);
  if (!Object.hasOwn(row, key)) invalid(`its key '${key}' is none of its columns, ${columns.join(', ')}`);
  if (holdsPersonalData(row[key] as t.AnySchema))
    invalid(`its key '${key}' is personal; a row that is found by personal data cannot outlive its erasure`);
  for (const column of indexes.flat())
    if (!Object.hasOwn(row, column)) invalid(`an index names '${column}', which is none of its columns`);
  if (indexes.some((index) => index.length === 0)) invalid('an index names no columns');
  return Object.freeze({
    projection: name,
    version,
    name: name.replaceAll('-', '_'),
    columns: Object.freeze({ ...row }),
    key,
    order,
    indexes: Object.freeze(indexes.map((index) => Object.freeze([...index]))),
  });
}

/**
 * What the types say about a further handler, said again for callers without types.
 * @throws {@link DefinitionError} `LF_PROJECTION_INVALID`
 * @throws {@link DefinitionError} `LF_EVENT_NAME_DUPLICATE` when the type has a name, present or former, in common with one that is handled already
 */
export function checkHandler(table: RowTable, before: ReadonlyMap<string, RowHandler>, handler: RowHandler): void {
  const { on, by, verb } = handler;
  const invalid = (message: string): never => refuse(table.projection, `${verb} on ${on.type}: ${message}`);
  if (before.has(on.type)) invalid('this type is handled already; one event does one thing');
  eventTypesByName([...[...before.values()].map((other) => other.on), on]);
  if (verb !== 'delete' && typeof handler.fold !== 'function') invalid('there is no fold');
  if (table.order === 'stream') {
    if (by !== undefined) invalid("a route needs order: 'any'; here the row is that of the event's stream");
    return;
  }
  if (verb === 'insert' || verb === 'update')
    invalid("needs order: 'stream', since another stream's event may come first; use upsert");
  if (typeof by !== 'string' && typeof by !== 'function') invalid('the rows are fed by several streams, so say { by }');
  if (typeof by === 'string' && on.personal.includes(by)) invalid(`'${by}' is personal and cannot be a key`);
}

function refuse(projection: string, message: string): never {
  throw new DefinitionError('LF_PROJECTION_INVALID', `projection ${projection}: ${message}`);
}
