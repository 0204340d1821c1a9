import { setTimeout as timer } from 'node:timers/promises';
import { brokerFault } from '../broker-fault.ts';
import type { KafkajsClient } from './kafkajs-client.ts';

/** A group is not empty before the coordinator has carried out the last leave. */
const DELETE_AGAIN_MS = 200;
/** Nobody waits longer for it: brokers that are away answer nothing. */
const DELETE_WITHIN_MS = 5_000;

/**
 * Best effort: where it fails (no Delete right on the group), or this process dies before, the group stands empty, holds no offsets, and the brokers
 * forget it by themselves.
 */
export async function deleteGroup(client: KafkajsClient, group: string): Promise<void> {
  const late = timer(DELETE_WITHIN_MS, 'late' as const, { ref: false });
  for (;;) {
    const deleted = client.administer((admin) => admin.deleteGroups([group])).then(() => false, isWorthAnotherTry);
    if ((await Promise.race([deleted, late])) !== true) return;
    if ((await Promise.race([timer(DELETE_AGAIN_MS), late])) === 'late') return;
  }
}

/** kafkajs hides what was said of the group. */
function isWorthAnotherTry(error: unknown): boolean {
  const { groups } = error as { readonly groups?: readonly { readonly error?: unknown }[] };
  const { kind, name } = brokerFault(groups?.[0]?.error ?? error);
  return kind !== 'access' && name !== 'GROUP_ID_NOT_FOUND';
}
