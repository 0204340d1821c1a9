import type { Envelope } from '@leftfold/core';
import type { RecordMark } from './record-mark.ts';
import { RecordWithheld } from './record-withheld.ts';
import type { Reader } from '../source.ts';

/** A record that is not an event sent for the first time. */
interface Marked {
  readonly topic: string;
  readonly envelope: Envelope;
  readonly sequence: number;
  readonly mark: RecordMark;
}

/**
 * What a source of topics does with a marked record that is next in its partition: true, it passes it without handing anything over; false, it is an event and goes
 * to the reader, as does every marked record where the reader takes marks. A withheld event of a type that the reader handles is passed where the reader knows that it was settled later in the same partition; what
 * was redriven comes there in its order, since all of its key was withheld meanwhile. A given-up one is passed: an operator has decided.
 * @throws {@link RecordWithheld} `LF_RECORD_WITHHELD` where the partition has to stand still
 */
export async function passesMark(
  { topic, envelope, sequence, mark }: Marked,
  { only, settled, marks }: Pick<Reader, 'only' | 'settled' | 'marks'>,
): Promise<boolean> {
  if (marks === true) return false;
  if (mark.kind === 'redriven') return false;
  if (mark.kind === 'given-up') return true;
  const { id, tenant, stream, streamVersion, type, category } = envelope;
  const isHandled = (only?.types?.includes(type) ?? true) && (only?.categories?.includes(category) ?? true);
  if (!isHandled || (await settled?.({ topic, tenant, stream, streamVersion, sequence }))) return true;
  throw new RecordWithheld({ topic, tenant, stream }, { id, type, streamVersion }, mark.code);
}
