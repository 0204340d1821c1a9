import type { Storage } from '@leftfold/subscriptions';
import type { Notes } from './notes.ts';

/** What an attempt may use: an entity of its own with one event, and the storage under it. */
export interface Scene {
  readonly storage: Storage;
  readonly notes: Notes;
  /** Its key. */
  readonly id: string;
}

/** One thing that must be refused, and how. */
export interface BadInput {
  readonly what: string;
  readonly code: string;
  /** Path of the faulty field, where the fault lies in a payload. */
  readonly path?: string;
  /** What the message must tell the caller, so that he can mend it. */
  readonly says: RegExp;
  /** Rejects. */
  readonly attempt: (scene: Scene) => Promise<unknown>;
}
