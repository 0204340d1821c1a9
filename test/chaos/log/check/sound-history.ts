import type { History, HistoryLine } from '../history/history.ts';
import { checkHistory } from './check-history.ts';
import { changed, PlantedHistory } from './planted-history.ts';

/** Appends, a transaction, a reply, a key, a read: as they should be. */
export function soundHistory(): PlantedHistory {
  return new PlantedHistory()
    .append('c1', 'a', 'absent', ['a1', 'a2'])
    .append('c2', 'b', 'any', ['b1'])
    .append('c3', 'a', '2', ['a3'])
    .append('c4', 'b', 'present', ['b2'], { tx: 't1' })
    .append('c5', 'a', 'any', ['a4'], { tx: 't1' })
    .add({ op: 'end', type: 'ok', tx: 't1' })
    .append('c6', 'c', 'any', ['c1'], {
      reply: { key: 'k', text: 'first' },
      keys: [{ stream: 'c', change: 'reserve', key: 'u' }],
    })
    .invoke('c7', [{ stream: 'c', expect: 'any', ids: ['c2'] }], { reply: { key: 'k', text: 'second' } })
    .answer('c7', { kind: 'replied', reply: 'first', versions: ['1'], token: 't c6', requestHash: 'k' })
    .invoke('c8', [{ stream: 'a', expect: '1', ids: ['a9'] }])
    .answer('c8', { kind: 'conflict', stream: 'a', actual: '4' })
    .invoke('c9', [{ stream: 'b', expect: 'any', ids: ['b9'] }], {
      keys: [{ stream: 'b', change: 'reserve', key: 'u' }],
    })
    .answer('c9', { kind: 'taken', key: 'u', by: 'c' })
    .add({
      op: 'read',
      began: 100_000,
      stream: 'b',
      events: [
        ['b1', '1'],
        ['b2', '2'],
      ],
    })
    .add({ op: 'key', key: 'u', stream: 'c' })
    .add({ op: 'reply', key: 'k', text: 'first' })
    .add({ op: 'drawn', refused: 10, before: '6', after: '6' });
}
/** What a check finds broken, each invariant once. */
export const invariantsOf = (history: History): readonly string[] => [
  ...new Set(checkHistory(history).map(({ invariant }) => invariant)),
];
/** The sound history with a few lines more, or other ones. */
export const planted = (
  plant: (history: PlantedHistory) => PlantedHistory,
  change: (line: HistoryLine) => HistoryLine | undefined = (line) => line,
): readonly string[] => invariantsOf(changed(plant(soundHistory()).finish().lines, change));
/** Plants nothing. */
export const same = (history: PlantedHistory): PlantedHistory => history;
