import type { StreamAppend, WriterSchema } from '@leftfold/core';
import { tokenFrame, type LogIdentity, type TokenFrame, type WrittenPlace } from '@leftfold/subscriptions';
import type { Session } from '../database.ts';
import type { KnownIdentity } from '../identity/log-identity.ts';
import { hashOf, type AppendContext } from './append-values.ts';
import type { Connection } from './connection.ts';
import type { WriterSchemas } from './writer-schemas.ts';

/** What an append is prepared with. */
export interface AppendPreparation {
  readonly identity: KnownIdentity;
  readonly schemas: WriterSchemas;
  /** The topic of a category's public events; `null` keeps them in the log. */
  readonly topic: (category: string) => string | null;
}

/** What is known of one append, or of several, before they are sent. */
export interface PreparedAppends extends AppendContext {
  readonly log: LogIdentity;
}
/** The same of one call, with the frame of its token. */
export interface PreparedAppend extends PreparedAppends {
  readonly frame: TokenFrame;
}

/**
 * What has to be known before an append is sent: the log, the numbers of its schemas, where its events are published. Asked of the database by the first
 * appends of a process only; then it costs no round trip.
 * @param written streams with events. @param session the one the append will be sent on.
 */
export function prepareAppend(
  preparation: AppendPreparation,
  connection: Connection,
  session: Session,
  written: readonly StreamAppend[],
): PreparedAppend | Promise<PreparedAppend> {
  const framed = (prepared: PreparedAppends): PreparedAppend => ({
    ...prepared,
    frame: frameOf(prepared.log, written, preparation.topic),
  });
  const prepared = prepareAppends(preparation, connection, session, written);
  return prepared instanceof Promise ? prepared.then(framed) : framed(prepared);
}

/** The same for several calls that share a statement, but for the frames of their tokens. */
export function prepareAppends(
  preparation: AppendPreparation,
  connection: Connection,
  session: Session,
  written: readonly StreamAppend[],
): PreparedAppends | Promise<PreparedAppends> {
  const { identity, schemas, topic } = preparation;
  const [log, schemaId] = [identity.knownOn(session), schemas.known(written)];
  // Not a promise, if it can be helped: every append comes by here.
  if (log !== undefined && schemaId !== undefined) return { schemaId, topic, log };
  return askForAppends(preparation, connection, session, written);
}

async function askForAppends(
  { identity, schemas, topic }: AppendPreparation,
  connection: Connection,
  session: Session,
  written: readonly StreamAppend[],
): Promise<PreparedAppends> {
  const outside = connection.outside(session);
  const log = await identity.get(session, connection.isOurs ? undefined : outside);
  const used = new Set<WriterSchema>();
  for (const { events } of written) for (const { schema } of events) used.add(schema);
  return { schemaId: await schemas.ids(used, session, outside), topic, log };
}

/**
 * The frame of the token of one call. Streams with public events are at their topic, others at none: whoever follows the log waits for these, too.
 * @param log as it was when the call was prepared; one that has gone on since makes the token one of before, which waits for more, never for less
 */
export function frameOf(
  log: LogIdentity,
  written: readonly StreamAppend[],
  topic: (category: string) => string | null,
): TokenFrame {
  const places = written.map((append): WrittenPlace => {
    const isPublic = append.events.some((event) => !event.private);
    return { topic: isPublic ? topic(append.stream.category) : null, hash: hashOf(append) };
  });
  return tokenFrame(log, places);
}
