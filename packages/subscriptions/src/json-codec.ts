import { decodePayload } from '@leftfold/core';
import type { Codec } from './codec.ts';
import { issueText } from './projection/issue-text.ts';
import { RecordUndecodable } from './record/record-undecodable.ts';

const CONTENT_TYPE = 'application/json';
/** Broken bytes are an error, never a replacement character in somebody's name; a byte order mark is text like any other. */
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Payloads as the log holds them: UTF-8 of the stored JSON text, readable with any tool. Needs no schema registry, so `prepare` has nothing to do;
 * fields are matched by name, as in Avro's schema resolution, so a reader's defaults fill in what an earlier revision did not have.
 * It does not see what a record was written with, only what its reader wants: a revision that widened a type in place (`int` to `long`), which Avro reads, is
 * `LF_RECORD_UNDECODABLE` here; say it as a new version.
 */
export function jsonCodec(): Codec {
  return {
    contentType: CONTENT_TYPE,
    prepare: async () => {},
    encode: (payload) => Buffer.from(payload),
    decode: ({ value, headers }, reader) => {
      const contentType = headers['content-type'];
      if (contentType !== CONTENT_TYPE)
        throw new RecordUndecodable(`its content-type is ${contentType ?? 'missing'}, not ${CONTENT_TYPE}`);
      const result = decodePayload(reader, textOf(value));
      if ('issues' in result) throw new RecordUndecodable(`its value does not fit: ${issueText(result.issues)}`);
      return result.value;
    },
  };
}

function textOf(value: Uint8Array): string {
  try {
    return decoder.decode(value);
  } catch (cause) {
    throw new RecordUndecodable('its value is no UTF-8', { cause });
  }
}
