import { eventually } from '@leftfold/testing';

/** Waits for a state. What has not come after half a minute does not come. */
export async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  try {
    await eventually(holds, { timeoutMs: 30_000 });
  } catch (cause) {
    throw new Error(`not seen within half a minute: ${what}`, { cause });
  }
}
