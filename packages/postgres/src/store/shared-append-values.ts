import type { EncodedEvent, NewReply, StreamAppend } from '@leftfold/core';
import type { TokenFrame } from '@leftfold/subscriptions';
import { arrayParameter } from '../column-types.ts';
import { groupValues, type AppendContext } from './append-values.ts';
import type { AppendCall } from './appends.ts';

/** What is written to one stream, of one call or of several that follow each other: then none of them has a reply. */
export interface SharedAppend {
  readonly append: StreamAppend;
  readonly calls: readonly AppendCall[];
}

/** The appends of calls of one stream each. @param calls those of a stream stand together, and expect no version but the first. */
export function sharedAppends(calls: readonly AppendCall[]): readonly SharedAppend[] {
  const shared: { append: StreamAppend; readonly calls: AppendCall[] }[] = [];
  for (const call of calls) {
    const [append] = call.written;
    if (append === undefined) continue;
    const before = shared.at(-1);
    const follows =
      before?.append.stream.id === append.stream.id && before.append.stream.tenant === append.stream.tenant;
    if (before === undefined || !follows) shared.push({ append, calls: [call] });
    else before.calls.push(call);
  }
  for (const one of shared) {
    // Once for all of them: a stream that many write to would else be copied again and again.
    if (one.calls.length > 1) one.append = { ...one.append, events: one.calls.flatMap(eventsOf) };
  }
  return shared;
}

const eventsOf = ({ written }: AppendCall): readonly EncodedEvent[] => written.flatMap(({ events }) => events);

/** Parameters of `sharedAppendStatement`, those of replies if one of the calls has one. @param frameOf the frame of a call's token. */
export function sharedAppendValues(
  shared: readonly SharedAppend[],
  context: AppendContext,
  frameOf: (call: AppendCall) => TokenFrame | undefined,
): readonly unknown[] {
  const values = groupValues(
    shared.map(({ append }) => append),
    context,
  );
  const answered = shared.find(({ calls: [call] }) => call?.reply !== undefined)?.calls[0];
  if (answered === undefined) return values;
  const each = (value: (reply: NewReply, call: AppendCall) => string | number): string =>
    arrayParameter(shared.map(({ calls: [call] }) => (call?.reply === undefined ? null : value(call.reply, call))));
  return [
    ...values,
    each(({ key }) => key),
    each(({ requestHash }) => requestHash),
    each(({ reply }) => reply),
    each(({ keepMs }) => keepMs),
    each((_, call) => frameOf(call)?.after ?? ''),
    frameOf(answered)?.before,
  ];
}
