import { compare } from '../compare.ts';
import { PAYLOAD_BYTES } from '../payloads.ts';
import { contendedAppends, contendedCommands, uncontendedAppends } from '../sides/one-stream.ts';
import type { Workload } from './workload.ts';

const WRITERS = 16;
/** As four processes that share the writers. */
const REPOSITORIES = 4;

/** W3: sixteen writers on one stream, with expected versions. One after the other is the best that can be done, so that is the limit. */
export const oneStream: Workload = (run) => {
  const shape = { seed: run.seed, payloadBytes: PAYLOAD_BYTES.SMALL, events: 1 };
  return compare(run, {
    workload: 'W3',
    name: 'one stream',
    workers: WRITERS,
    ours: [
      { side: contendedAppends(shape) },
      { adds: 'commands', side: contendedCommands(shape, 1) },
      ...(run.quick
        ? []
        : [{ adds: `commands of ${REPOSITORIES} repositories`, side: contendedCommands(shape, REPOSITORIES) }]),
    ],
    limits: [uncontendedAppends(shape)],
    costs: false,
  });
};
