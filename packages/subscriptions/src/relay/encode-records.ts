import { AtEvent } from '../following/at-event.ts';
import type { Codec } from '../codec.ts';
import type { PublishRecord } from '../publisher.ts';
import { formatRecord } from '../record/record-format.ts';
import type { RecordMark } from '../record/record-mark.ts';
import { recoveryOf } from '../following/recovery.ts';
import { RelayFault } from './relay-fault.ts';
import type { Stamped } from './relay-ledger.ts';
import type { LogRecord } from '../source.ts';

/** An event that goes to a topic. */
export type PublicRecord = LogRecord & { readonly topic: string };

/** What encoding needs besides the events. */
interface Encoding {
  readonly codec: Codec;
  /** `ce_source`. */
  readonly service: string;
  /** Gives up what is asked of a registry. */
  readonly signal: AbortSignal;
  /** What is special about all of them. */
  readonly mark?: RecordMark;
}

/**
 * Makes records of numbered events: first what the codec needs is looked up for all of them, then each is encoded by the schema it was written with. All or
 * none, so that nothing is saved or sent of a batch that cannot go whole.
 * @throws what {@link Codec.prepare} rejects with
 * @throws {@link RelayFault} `LF_PAYLOAD_UNENCODABLE`, inside an {@link AtEvent}
 */
export async function encodeRecords(
  stamped: readonly Stamped<PublicRecord>[],
  { codec, service, signal, mark }: Encoding,
): Promise<readonly PublishRecord[]> {
  await codec.prepare({ writers: [...new Set(stamped.map(({ record }) => record.schema))] }, { signal });
  return stamped.map(({ record, partition, stamp }) => {
    const frame = {
      stamp,
      writer: record.schema,
      source: service,
      contentType: codec.contentType,
      ...(mark && { mark }),
    };
    return { topic: record.topic, partition, value: encoded(record, codec), ...formatRecord(record, frame) };
  });
}

function encoded(record: PublicRecord, codec: Codec): Uint8Array {
  try {
    return codec.encode(record.payload, record.schema);
  } catch (cause) {
    const { id, type, stream, streamVersion } = record;
    const at = { id, type, stream, streamVersion };
    if (recoveryOf(cause) !== 'stop') throw new AtEvent(cause, at);
    throw new AtEvent(unencodable(`${type} (${id}, version ${streamVersion} of ${stream})`, cause), at);
  }
}

/** Only our own errors are known to repeat no value, which may be personal data: a JSON parser's quotes the text. So no other is handed on, as cause either. */
function unencodable(event: string, cause: unknown): RelayFault {
  const { code, message, name } = (cause ?? {}) as Partial<Error> & { readonly code?: unknown };
  if (typeof code === 'string' && code.startsWith('LF_'))
    return new RelayFault('LF_PAYLOAD_UNENCODABLE', `${event}: ${message}`, { cause });
  return new RelayFault(
    'LF_PAYLOAD_UNENCODABLE',
    `${event}: its payload does not fit the schema it was written with (${name ?? typeof cause}); see who else writes to this log`,
  );
}
