import { refuserOf, type Deciding } from './deciding.ts';
import type { Metadata } from './message.ts';
import { checkMetadata } from './metadata.ts';
import { uuidV7 } from './uuid.ts';

/** The metadata of a command's events, with a correlation id of its own where none is given. @throws {@link InputInvalid} `LF_METADATA_INVALID` */
export const commandMetadata = (given: Partial<Metadata> = {}): Metadata =>
  checkMetadata({ ...given, correlationId: given.correlationId ?? uuidV7() });

/** What the decisions of one command get beside the entity's id: made anew for each attempt, with the same clock and the same sequence of ids. */
export function decidingOf<Code extends string>(
  refusing: Parameters<typeof refuserOf<Code>>[0],
  metadata: Metadata,
  roles: readonly string[],
  at: Date = new Date(),
): () => Omit<Deciding<Code>, 'id'> {
  const now = at.getTime();
  const drawn: string[] = [];
  const refuse = refuserOf(refusing);
  return () => {
    let next = 0;
    return { now: new Date(now), uuid: () => (drawn[next++] ??= uuidV7()), metadata, roles, refuse };
  };
}
