import { createHash } from 'node:crypto';
import type { EventId } from '@leftfold/core';

/**
 * The idempotency key of an effect: a version 5 UUID in the name space of the event's id, of the reaction's name. Two reactions to one event never share a key at
 * one provider; and since an event's id is unique within its tenant alone, the tenant is part of it.
 *
 * Source: RFC 9562, 5.5 (name-based UUIDs, SHA-1).
 */
export function effectKey(reaction: string, tenant: string, event: EventId): EventId {
  const space = Buffer.from(event.replaceAll('-', ''), 'hex');
  const digest = createHash('sha1').update(space).update(`${tenant}/${reaction}`).digest().subarray(0, 16);
  digest[6] = (digest.readUInt8(6) & 0x0f) | 0x50;
  digest[8] = (digest.readUInt8(8) & 0x3f) | 0x80;
  const hex = digest.toString('hex');
  return [0, 8, 12, 16, 20].map((at, i, all) => hex.slice(at, all[i + 1])).join('-') as EventId;
}
