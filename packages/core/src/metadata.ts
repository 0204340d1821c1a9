import { InputInvalid } from './errors.ts';
import type { Metadata } from './message.ts';
import { utf8Length } from './text.ts';

const MAX_BYTES = 8 * 1024;
/** Names of headers that a record on a broker keeps for itself. The user's own headers stand beside them under their names. */
export const RESERVED_HEADER: RegExp = /^(lf|traceparent|content-type|ce_.*|lf_.*|lf\..*)$/i;
const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9a-z-]+$/i;
const TRACEPARENT = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;
const CONTROL = /\p{Cc}/u;

/** True for text in the form of W3C Trace Context. */
export const isTraceparent = (text: string): boolean => TRACEPARENT.test(text);

/**
 * Checks what goes along with an event before it is stored, since all of it ends up in the headers of a record.
 *
 * Ids and the actor are non-empty, without control characters or lone surrogates; `traceparent` has the form of W3C Trace Context; the user's header
 * names are tokens as in HTTP, none of them reserved (`lf`, `traceparent`, `content-type`, `ce_…`, `lf_…`, `lf.…`), so that nobody forges ours; values hold no CR, LF
 * or other control characters. Together at most 8 KiB.
 *
 * @throws {@link InputInvalid} `LF_METADATA_INVALID` naming the member
 */
export function checkMetadata(metadata: Metadata): Metadata {
  const refuse = (member: string, fault: string): never => {
    throw new InputInvalid('LF_METADATA_INVALID', `metadata ${member} ${fault}; nothing was written`);
  };
  let bytes = 0;
  const check = (member: string, text: string | undefined): void => {
    if (text === undefined) return;
    if (typeof text !== 'string' || text === '') refuse(member, 'is not a non-empty string');
    if (CONTROL.test(text)) refuse(member, 'holds a control character');
    if (!text.isWellFormed()) refuse(member, 'holds a lone surrogate');
    bytes += utf8Length(text);
  };
  check('correlationId', metadata.correlationId);
  check('causationId', metadata.causationId);
  check('actor', metadata.actor);
  check('traceparent', metadata.traceparent);
  if (metadata.correlationId === undefined) refuse('correlationId', 'is missing');
  if (metadata.traceparent !== undefined && !isTraceparent(metadata.traceparent)) {
    refuse('traceparent', 'is not in the form of W3C Trace Context');
  }
  if (metadata.effectiveAt !== undefined && Number.isNaN(metadata.effectiveAt.getTime()))
    refuse('effectiveAt', 'is not a valid date');
  const seen = new Set<string>();
  for (const [name, value] of Object.entries(metadata.headers ?? {})) {
    const lower = name.toLowerCase();
    if (!HEADER_NAME.test(name)) refuse(`header ${JSON.stringify(name)}`, 'has a name that is no token');
    if (RESERVED_HEADER.test(name)) refuse(`header ${name}`, 'has a reserved name');
    if (seen.has(lower)) refuse(`header ${name}`, 'is given twice');
    seen.add(lower);
    check(`header ${name}`, value);
    bytes += name.length;
  }
  if (bytes > MAX_BYTES) refuse('as a whole', `is ${bytes} bytes long; the limit is ${MAX_BYTES}`);
  return metadata;
}
