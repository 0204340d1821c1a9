import { DefinitionError } from '@leftfold/core';
import type { FollowerId } from '../checkpoints.ts';
import { INLINE } from '../inline/inline.ts';
import { kindOf } from '../projection/source-moved.ts';
import type { Source } from '../source.ts';
import type { Places } from './fed-by.ts';
import type { TopicSource } from './topic-reached.ts';

/** Places of a follower in one source. */
export interface JudgedPlaces {
  readonly places: Places;
  /** Who says how far they have come in a topic; `undefined`: they are places in the log. */
  readonly source: TopicSource | undefined;
}

/**
 * A follower's places that can be judged: those in the log, and those in topics of the brokers that are known. What it has passed in any of them it has. Places in another broker's topics are left out
 * beside such ones: a follower that was moved to the log keeps them for ever, and their broker may be gone.
 * @throws {@link DefinitionError} `LF_FRESHNESS_UNKNOWN` where there are no others
 */
export function judgedPlaces(
  fed: ReadonlyMap<string, Places>,
  sources: readonly Source[],
  { name }: FollowerId,
): readonly JudgedPlaces[] {
  const kinds = [...fed].filter(([kind]) => kind !== INLINE);
  const judged = kinds.flatMap(([kind, places]): readonly JudgedPlaces[] => {
    if (kind === 'log') return [{ places, source: undefined }];
    const source = sources.find((one) => kindOf(one) === kind);
    return source?.reached === undefined ? [] : [{ places, source: source as TopicSource }];
  });
  const [unknown] = kinds;
  if (judged.length > 0 || unknown === undefined) return judged;
  throw new DefinitionError(
    'LF_FRESHNESS_UNKNOWN',
    `${name} is fed from ${unknown[0]}, and whether it has applied a write is seen by that broker's own places: give its broker to whoever waits (\`freshness({ storage, brokers })\`, LeftfoldModule.forRoot({ broker }))`,
  );
}
