import type { Loaded } from './handle-command.ts';
import type { EventId, StreamRef, StreamVersion } from './message.ts';

/** A folded state, with what proves at the next load that it belongs to its stream. */
export interface SeenState<out S> extends Loaded<S> {
  /** The id of the event at `version`; absent at version 0. A stream that holds another one there has another history. */
  readonly lastEvent?: EventId;
  /** The version of the snapshot that it was folded from; 0 when from none. */
  readonly fromSnapshot: StreamVersion;
}

/** Names a stream in a map of this process. */
export const streamKey = ({ tenant, id }: StreamRef): string => `${tenant}/${id}`;
