import { globSync } from 'node:fs';
import { basename } from 'node:path';
import type { Cursor } from '@leftfold/subscriptions';
import { linesOf } from '../history/history.ts';
import { recorded, type Recorder } from '../history/recorder.ts';
import type { Sink } from './reader.ts';

/** The history itself: what was got and the place after it are one line. It lies outside the log's cluster, which may forget what this remembers (hazard L18). */
export function fileSink(name: string, folder: string, recorder: Recorder): Sink {
  return {
    place: async (lane) => {
      const files = globSync(`${name}.*.jsonl`, { cwd: folder }).map((file) => basename(file, '.jsonl'));
      const lines = files
        .flatMap((file) => linesOf(recorded(folder, file), 'seen'))
        .filter((line) => line.lane === lane);
      const last = lines.toSorted((one, other) => one.at - other.at).at(-1);
      return (last?.to as Cursor | undefined) ?? 'start';
    },
    save: async ({ lane, at, to }, records) => {
      recorder.add({ op: 'seen', reader: name, lane, pinned: at, to, records });
    },
  };
}
