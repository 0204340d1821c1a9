import { describe, expect, test } from 'vitest';
import type { HistoryLine } from '../history/history.ts';
import { PlantedHistory } from './planted-history.ts';
import { invariantsOf, planted, same } from './sound-history.ts';

describe('what readers get', () => {
  const records = (change: (ids: readonly string[]) => readonly string[]) => (line: HistoryLine) => {
    if (line.op !== 'seen') return line;
    const wanted = change(line.records.map(([id]) => id));
    const byId = new Map(line.records.map((record) => [record[0], record]));
    return { ...line, records: wanted.flatMap((id) => [byId.get(id) ?? [id, 'a', '1', '1']] as typeof line.records) };
  };
  test('an event that a reader never gets is missed', () => {
    expect(
      planted(
        same,
        records((ids) => ids.filter((id) => id !== 'c1')),
      ),
    ).toContain('missed');
  });
  test('an event that it gets again is doubled', () => {
    expect(
      planted(
        same,
        records((ids) => ids.flatMap((id) => (id === 'c1' ? [id, id] : [id]))),
      ),
    ).toContain('doubled');
  });
  test("a stream's events come in order", () => {
    expect(
      planted(
        same,
        records((ids) => ids.toReversed()),
      ),
    ).toContain('order');
  });
  test('an event that is not in the log is unreal', () => {
    expect(
      planted(
        same,
        records((ids) => [...ids, 'a9']),
      ),
    ).toContain('unreal');
  });
  test('nothing appears later before a place that was passed', () => {
    const late = (line: HistoryLine): HistoryLine => (line.op === 'again' ? { ...line, ids: line.ids.slice(1) } : line);
    expect(planted(same, late)).toEqual(['before the cursor']);
  });
  test('nothing that was passed comes again', () => {
    const again = (line: HistoryLine): HistoryLine =>
      line.op === 'again' ? { ...line, ids: ['a1', ...line.ids] } : line;
    expect(planted(same, again)).toEqual(['before the cursor']);
  });
  test('a pinned place gives the same records again', () => {
    const fetched = (ids: readonly string[], to: string) => (history: PlantedHistory) =>
      history.add({
        op: 'fetched',
        reader: 'reader',
        lane: '0',
        pinned: 'p0',
        to,
        records: ids.map((id) => [id, 'a', '1', '1'] as const),
      });
    expect(planted(fetched([], 'c2'))).toEqual(['pinned']);
    expect(planted(fetched(['a1', 'b1'], 'c2'))).toEqual(['pinned']);
    expect(planted(fetched(['a1'], 'c1'))).toEqual([]);
  });
  test('a reaction that is owed is there', () => {
    expect(planted((history) => history.add({ op: 'owed', for: 'a1', id: 'r1' }))).toEqual(['reaction']);
  });
});

describe('what a relay sends', () => {
  const sent = (sequence: number, id: string) => (history: PlantedHistory) =>
    history.add({ op: 'sent', partition: 'topic/0', records: [[id, 'a', '1', sequence]] });
  test('a record sent again under its number is no harm', () => {
    const again = new PlantedHistory().append('c1', 'a', 'absent', ['a1']).finish();
    expect(invariantsOf(sent(1, 'a1')(again).lines)).toEqual([]);
  });
  test('one number names one event', () => {
    const other = new PlantedHistory().append('c1', 'a', 'absent', ['a1']).finish();
    expect(invariantsOf(sent(1, 'a2')(other).lines)).toEqual(['sequence']);
  });
  test('one event has one number', () => {
    const other = new PlantedHistory().append('c1', 'a', 'absent', ['a1']).finish();
    expect(invariantsOf(sent(2, 'a1')(other).lines)).toContain('doubled');
  });
  test('numbers have no gap', () => {
    expect(planted(same, (line) => (line.op === 'sent' && line.records[0]?.[3] === 3 ? undefined : line))).toContain(
      'sequence',
    );
  });
});
