import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isJsonObject } from '@leftfold/core';
import type { SchemaRegistry } from '../registry/schema-registry.ts';
import { RESTORE_TEXT, type ReleaseFinding } from './release-finding.ts';
import { subjectOf } from './released-versions.ts';

/**
 * Event versions that the committed contracts name and the folder has no text of. Contracts are written of what is released alone, so such a text was there: a second witness beside the
 * folder, for public events. Contracts that are absent, or broken by a merge, say nothing. Reads only.
 * @param contracts the folder with `asyncapi.json`
 * @param told what other witnesses have told already
 */
export async function goneByContracts(
  contracts: string,
  released: SchemaRegistry,
  told: readonly ReleaseFinding[] = [],
): Promise<readonly ReleaseFinding[]> {
  const found: ReleaseFinding[] = [];
  for (const { event, version } of await eventsIn(join(contracts, 'asyncapi.json'))) {
    const subject = subjectOf(event, version);
    if ((await released.versions(subject)).length > 0) continue;
    if (told.some((one) => one.subject === subject)) continue;
    found.push({
      kind: 'text-gone',
      event,
      version,
      subject,
      rule: 'text-gone',
      message: 'the contracts name it, and its released text is gone',
      remedy: RESTORE_TEXT,
    });
  }
  return found;
}

async function eventsIn(file: string): Promise<readonly { readonly event: string; readonly version: number }[]> {
  let document: unknown;
  try {
    document = JSON.parse(await readFile(file, 'utf8'));
  } catch (error) {
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
  const components = isJsonObject(document) ? document['components'] : undefined;
  const messages = isJsonObject(components) ? components['messages'] : undefined;
  return Object.values(isJsonObject(messages) ? messages : {}).flatMap((message) => {
    const [event, version] = isJsonObject(message) ? [message['x-event-type'], message['x-event-version']] : [];
    return typeof event === 'string' && event.includes('.') && Number.isSafeInteger(version)
      ? [{ event, version: version as number }]
      : [];
  });
}
