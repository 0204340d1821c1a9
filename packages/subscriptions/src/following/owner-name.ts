import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';

/** A name for this process among the owners of lanes: people find the process by it, and no other process has it. */
export function ownerName(): string {
  return `${hostname()}:${process.pid}:${randomUUID().slice(0, 8)}`;
}
