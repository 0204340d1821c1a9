import { PAYLOAD_BYTES } from './payloads.ts';
import type { Run } from './run.ts';
import { takeSample } from './sample.ts';
import { bareAppend } from './sides/bare-append.ts';
import { leftfoldAppend } from './sides/leftfold-append.ts';

const WORKERS = 8;

/** Lets both sides run once, uncounted: the first case would otherwise be measured while its code is still interpreted. */
export async function warmCode(run: Run): Promise<void> {
  const shape = { seed: run.seed, payloadBytes: PAYLOAD_BYTES.KIB, events: 1 };
  for (const side of [leftfoldAppend(shape), bareAppend(shape)]) {
    const url = await run.server.fresh(run.emptyLog);
    const open = await side.open(url, WORKERS);
    await takeSample(run.server, open, url, WORKERS, { warmMs: 0, countMs: 1_000 });
    await open.close();
    await run.server.drop(url);
  }
}
