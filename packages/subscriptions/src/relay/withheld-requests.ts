import { InputInvalid, LeftfoldError, type StreamVersion } from '@leftfold/core';
import type { Storage } from '../storage.ts';
import type { WithheldEvent, WithheldHead, WithheldKey } from '../withheld.ts';

/** Most characters of a name or a reason: it stands in a header of a record that no broker may refuse. */
const MOST = 200;
const PAGE = 100;
const CONTROL = /\p{Cc}/u;

/** Nothing was requested: nothing of the key is withheld (any more), or another event of it is in the way. `LF_NOT_WITHHELD` */
export class NotWithheld extends LeftfoldError {
  readonly code = 'LF_NOT_WITHHELD' as const;
  readonly retryable = false as const;

  constructor({ topic, tenant, stream }: WithheldKey, version?: StreamVersion) {
    const of = `${tenant === '' ? '' : `${tenant}/`}${stream} in ${topic}`;
    const what =
      version === undefined
        ? `nothing of ${of} is withheld`
        : `version ${version} of ${of} is not what is withheld first`;
    super(`${what}; list what is withheld and ask again`);
  }
}

/** All keys that are withheld, page by page: each with the event that is in the way, why, and how many stand behind it. */
export async function* withheldKeys(storage: Pick<Storage, 'withheld'>): AsyncGenerator<WithheldHead, void, void> {
  for (let after: WithheldKey | undefined; ;) {
    const page = await storage.withheld.list({ limit: PAGE, ...(after && { after }) });
    yield* page;
    after = page.at(-1)?.head;
    if (page.length < PAGE) return;
  }
}

/** All events of a key that were ever withheld, in the order of their versions, with what became of them. */
export async function* withheldEvents(
  storage: Pick<Storage, 'withheld'>,
  key: WithheldKey,
): AsyncGenerator<WithheldEvent, void, void> {
  for (let after: StreamVersion | undefined; ;) {
    const page = await storage.withheld.events(key, { limit: PAGE, ...(after !== undefined && { after }) });
    yield* page;
    after = page.at(-1)?.streamVersion;
    if (page.length < PAGE) return;
  }
}

/**
 * Asks the relay to send all withheld events of a key, in their order, before any newer one. Resolves when that is noted, durably; the owning relay does it within
 * about a second, or when one runs again. Where the first of them is refused once more, all of it stays withheld: `attempts` and `cause` of the head say so.
 * To be called in any process, and again.
 * @throws {@link NotWithheld} `LF_NOT_WITHHELD` · {@link InputInvalid} `LF_WITHHELD_REQUEST_INVALID` for a name of nobody
 */
export async function redrive(
  storage: Pick<Storage, 'withheld'>,
  key: WithheldKey,
  { by }: { readonly by: string },
): Promise<void> {
  check('by', by);
  if (!(await storage.withheld.request(key, { kind: 'redrive', by }))) throw new NotWithheld(key);
}

/**
 * Asks the relay to give up the event of a key that is in the way: a small record with the reason tells consumers that it will not come. The events behind it
 * are then sent, in their order. `streamVersion` names the event, so that nobody gives up another one than he has looked at. Otherwise as {@link redrive}.
 * @throws {@link NotWithheld} `LF_NOT_WITHHELD` · {@link InputInvalid} `LF_WITHHELD_REQUEST_INVALID` for an empty or long reason
 */
export async function giveUp(
  storage: Pick<Storage, 'withheld'>,
  key: WithheldKey & { readonly streamVersion: StreamVersion },
  { by, reason }: { readonly by: string; readonly reason: string },
): Promise<void> {
  check('by', by);
  check('reason', reason);
  const { streamVersion } = key;
  if (!(await storage.withheld.request(key, { kind: 'give-up', by, reason, streamVersion })))
    throw new NotWithheld(key, streamVersion);
}

function check(member: string, text: string): void {
  if (text.trim() !== '' && text.length <= MOST && !CONTROL.test(text) && text.isWellFormed()) return;
  throw new InputInvalid(
    'LF_WITHHELD_REQUEST_INVALID',
    `${member} must be text of 1 to ${MOST} characters without control characters; it is kept, and a reason stands in the topic`,
  );
}
