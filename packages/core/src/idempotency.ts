import { answerText } from './answer-text.ts';
import { canonicalJson } from './canonical-json.ts';
import { InputInvalid, LeftfoldError } from './errors.ts';
import type { NewReply, ReplyKey, StoredReply } from './event-store.ts';
import type { StreamRef } from './message.ts';
import type { Json } from './schema/schema.ts';
import { sha256 } from './sha256.ts';
import { utf8Length } from './text.ts';

const MAX_KEY_BYTES = 255;
/** With the key and what stands between them 512 bytes at most. */
const MAX_SCOPE_BYTES = 256;
/** How long a stored answer is found: a day. */
export const KEEP_REPLY_MS: number = 24 * 60 * 60 * 1000;

/** The key was used before, with another input. Nothing was written. `LF_IDEMPOTENCY_KEY_REUSED` */
export class IdempotencyKeyReused extends LeftfoldError {
  readonly code = 'LF_IDEMPOTENCY_KEY_REUSED' as const;
  readonly retryable = false as const;

  constructor(key: string) {
    super(
      `the idempotency key ${JSON.stringify(key)} was used with another input; draw a new key for each new request`,
    );
  }
}

/** One command with an idempotency key. */
export interface KeyedCommand {
  readonly stream: StreamRef;
  readonly command: string;
  readonly input: unknown;
  readonly idempotencyKey: string;
}

/**
 * Where the answer of a command is kept: one space per tenant, aggregate and command, not per entity, since a repeated "place" that draws a new id must still
 * find the first answer.
 * @throws {@link InputInvalid} `LF_IDEMPOTENCY_KEY_INVALID` for an empty key, one of more than 255 bytes, or one with control characters
 */
export function replyKeyOf({ stream, command, idempotencyKey }: KeyedCommand): ReplyKey {
  if (
    idempotencyKey === '' ||
    utf8Length(idempotencyKey) > MAX_KEY_BYTES ||
    !idempotencyKey.isWellFormed() ||
    /\p{Cc}/u.test(idempotencyKey)
  ) {
    throw new InputInvalid(
      'LF_IDEMPOTENCY_KEY_INVALID',
      `an idempotency key has 1 to ${MAX_KEY_BYTES} bytes and no control characters; a UUID per request is the usual choice`,
    );
  }
  return { tenant: stream.tenant, key: `${scopeOf(stream.category, command)}/${idempotencyKey}` };
}

/** Category and command as two path segments, so that no two pairs make one text; a long pair by its hash, so that the key fits its 512 bytes. */
function scopeOf(category: string, command: string): string {
  const scope = [category, command].map((part) => encodeURIComponent(part.toWellFormed())).join('/');
  return scope.length <= MAX_SCOPE_BYTES ? scope : sha256(scope);
}

/**
 * The answer to store. Its hash has two parts: the canonical input, and the entity, unless this command made it: only then may a repeated
 * request name another id.
 */
export function newReply(command: KeyedCommand, result: Json | undefined, madeTheStream: boolean): NewReply {
  return {
    ...replyKeyOf(command),
    requestHash: `${inputHash(command)}:${madeTheStream ? ANY_ENTITY : sha256(command.stream.id)}`,
    reply: answerText(result),
    keepMs: KEEP_REPLY_MS,
  };
}

/** The answer stored for this very request. @throws {@link IdempotencyKeyReused} when it answers another one */
export function resultOfReply(
  command: KeyedCommand,
  stored: Pick<StoredReply, 'requestHash' | 'reply'>,
): Json | undefined {
  const [input, entity] = stored.requestHash.split(':');
  if (input !== inputHash(command) || (entity !== ANY_ENTITY && entity !== sha256(command.stream.id))) {
    throw new IdempotencyKeyReused(command.idempotencyKey);
  }
  return (JSON.parse(stored.reply) as { readonly result?: Json }).result;
}

const ANY_ENTITY = '*';
const inputHash = ({ input }: KeyedCommand): string => sha256(input === undefined ? '' : canonicalJson(input));
