import type { Batch } from 'kafkajs';
import { KafkajsUnsupported } from '../errors.ts';

/**
 * The offset a batch was asked for. kafkajs 2.2.4 has it on every batch but does not declare it. It is the only sign that kafkajs jumped by itself,
 * to the beginning or the end, because the offset asked for was out of range (seen: it then handed over what had never been asked for).
 * @throws {@link KafkajsUnsupported} `LF_KAFKAJS_UNSUPPORTED` when it is not there.
 */
export function fetchedOffset(batch: Pick<Batch, 'topic'>): bigint {
  const offset: unknown = 'fetchedOffset' in batch ? batch.fetchedOffset : undefined;
  if (typeof offset === 'string' && /^-?\d+$/.test(offset)) return BigInt(offset);
  throw new KafkajsUnsupported('a batch without fetchedOffset');
}
