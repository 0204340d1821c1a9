import { resolveAvro, type t } from '@leftfold/core';

/** Brings values of a released text and of today's into one form, in which they can be compared. */
export interface ComparableValues {
  /** What the released text says of a value of today's text. */
  readonly ofToday: (json: unknown) => t.Json;
  /** A value of the released text, without what today's text cannot say: a field that is gone has no value any more. */
  readonly ofReleased: (json: unknown) => t.Json;
}

/** For one pair of texts; `undefined` where one cannot read the other, as the weaker rules allow. */
export function comparableValues(released: t.Json, today: t.Json): ComparableValues | undefined {
  const there = resolveAvro(released, today);
  const back = resolveAvro(today, released);
  if (there.findings.length > 0 || back.findings.length > 0) return undefined;
  const ofToday = (json: unknown): t.Json => back.convert(json) as t.Json;
  return { ofToday, ofReleased: (json) => ofToday(there.convert(json)) };
}
