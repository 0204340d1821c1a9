import type { AppendOutcome, KeyChange, StreamAppend } from '@leftfold/core';
import type { Answer, Invoked, PlannedAppend, PlannedKey } from '../history/history.ts';
import { eventName, streamName } from './names.ts';

/** A call of `append` as it is meant. Sent again, it is the same. */
export interface Plan {
  readonly appends: readonly StreamAppend[];
  readonly reply?: { readonly tenant: string; readonly key: string; readonly text: string };
  readonly keys?: readonly KeyChange[];
}

/** As the history has it. */
export function planned({ appends, reply, keys }: Plan): Pick<Invoked, 'appends' | 'reply' | 'keys'> {
  return {
    appends: appends.map(({ stream, expect, events }): PlannedAppend => ({
      stream: streamName(stream),
      expect: String(expect),
      ids: events.map(({ id }) => eventName(stream.tenant, id)),
    })),
    ...(reply !== undefined && { reply: { key: reply.key, text: JSON.stringify(reply.text) } }),
    ...(keys !== undefined && {
      keys: keys.map(({ stream, change, key }): PlannedKey => ({
        stream: streamName(stream),
        change,
        key: keyName(stream.tenant, key),
      })),
    }),
  };
}

/** @param plan whose streams tell which tenant is meant: an outcome names ids only. */
export function answerOf(outcome: AppendOutcome, { appends }: Plan): Answer {
  const tenant = appends[0]?.stream.tenant ?? '';
  switch (outcome.kind) {
    case 'appended':
      return { ...outcome, versions: outcome.versions.map(String) };
    case 'conflict':
      return { kind: 'conflict', stream: streamName({ tenant, id: outcome.stream }), actual: String(outcome.actual) };
    case 'taken':
      return { kind: 'taken', key: keyName(tenant, outcome.key), by: streamName({ tenant, id: outcome.by }) };
    case 'replied':
      return { ...outcome, versions: outcome.versions.map(String) };
  }
}

const keyName = (tenant: string, [name, value]: readonly [string, string]): string => `${tenant}/${name}/${value}`;
