import { allRecorded, Recorder as RecorderOf, recorded as recordedOf } from '../../processes/recorder.ts';
import type { History, HistoryLine } from './history.ts';

/** A line as its process gives it: when and by whom is added. */
export type NewLine = HistoryLine extends infer L ? (L extends HistoryLine ? Omit<L, 'at' | 'process'> : never) : never;

/** Writes the history. */
export class Recorder extends RecorderOf<NewLine> {}

/** What one process has recorded so far. */
export const recorded = (folder: string, name: string): History => recordedOf(folder, name);

/** What all have recorded, by time. */
export const readHistory = (folder: string): History => allRecorded(folder);
