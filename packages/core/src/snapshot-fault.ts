import { LeftfoldError } from './errors.ts';

/**
 * Snapshots do not work; commands do, from the whole stream. Handed to `onSnapshotFault`, never thrown. `LF_SNAPSHOT_STATE_INVALID`: a state is not what
 * `snapshot.state` says, or too large. `LF_SNAPSHOT_FAILED`: one could not be stored, found or read.
 */
export class SnapshotFault extends LeftfoldError {
  readonly code: 'LF_SNAPSHOT_STATE_INVALID' | 'LF_SNAPSHOT_FAILED';
  readonly retryable = false as const;

  constructor(code: SnapshotFault['code'], message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.code = code;
  }
}
