import { describe, expect, test } from 'vitest';
import type { HistoryLine } from '../history/history.ts';
import { checkHistory } from './check-history.ts';
import type { PlantedHistory } from './planted-history.ts';
import { planted, same, soundHistory } from './sound-history.ts';

test('a sound history has nothing to say', () => {
  expect(checkHistory(soundHistory().finish().lines)).toEqual([]);
});

describe('what the log holds', () => {
  test('an acknowledged event that is missing is lost', () => {
    expect(planted(same, (line) => (line.op === 'stored' && line.id === 'c1' ? undefined : line))).toContain('lost');
  });
  test('a refused event that is there is a phantom', () => {
    expect(planted((history) => (history.store('a', ['a9'], 'x'), history))).toContain('phantom');
  });
  test('an event that nobody appended is a phantom', () => {
    expect(planted((history) => (history.store('a', ['stranger'], 'x'), history))).toContain('phantom');
  });
  test('an event of a transaction that was rolled back is a phantom', () => {
    const history = (history: PlantedHistory): PlantedHistory =>
      history.append('d1', 'd', 'any', ['d1'], { tx: 't2' }).add({ op: 'end', type: 'fail', tx: 't2' });
    expect(planted(history)).toEqual(['phantom']);
  });
  test('an event that a savepoint took back is a phantom', () => {
    const history = (history: PlantedHistory): PlantedHistory =>
      history
        .append('d1', 'd', 'any', ['d1'], { tx: 't2' })
        .add({ op: 'undo', calls: ['d1'] })
        .add({ op: 'end', type: 'ok', tx: 't2' });
    expect(planted(history)).toEqual(['phantom']);
  });
  test('an unknown outcome is everywhere or nowhere', () => {
    const lost = (history: PlantedHistory): PlantedHistory =>
      history
        .invoke('d1', [{ stream: 'd', expect: 'any', ids: ['d1', 'd2'] }])
        .fail('d1', 'LF_OUTCOME_UNKNOWN', 'info');
    expect(planted(lost)).toEqual([]);
    expect(planted((history) => (lost(history).store('d', ['d1', 'd2'], 'x'), history))).toEqual([]);
    expect(planted((history) => (lost(history).store('d', ['d1'], 'x'), history))).toEqual(['torn']);
  });
  test('a killed transaction is everywhere or nowhere', () => {
    const killed = (history: PlantedHistory): PlantedHistory =>
      history
        .append('d1', 'd', 'any', ['d1'], { tx: 't2' })
        .invoke('d2', [{ stream: 'a', expect: 'any', ids: ['d2'] }], { tx: 't2' })
        .answer('d2', { kind: 'appended', versions: ['5'], already: false, token: '' });
    expect(planted(killed)).toEqual(['torn']);
    expect(planted((history) => (killed(history).store('a', ['d2'], 'x t2'), history))).toEqual([]);
  });
  test('versions have no gap and no twin', () => {
    const third = (line: HistoryLine): HistoryLine =>
      line.op === 'stored' && line.id === 'a3' ? { ...line, version: '4' } : line;
    expect(planted(same, third)).toContain('not dense');
  });
  test('the head says where its stream ends', () => {
    expect(planted(same, (line) => (line.op === 'head' ? { ...line, version: '9' } : line))).toEqual(['head']);
  });
  test('positions rise within a stream', () => {
    const third = (line: HistoryLine): HistoryLine =>
      line.op === 'stored' && line.id === 'a3' ? { ...line, position: '0' } : line;
    expect(planted(same, third)).toContain('position');
  });
  test('what was begun after an acknowledgement stands after it', () => {
    const swapped = (line: HistoryLine): HistoryLine =>
      line.op === 'stored' && line.stream === 'b' ? { ...line, id: line.id === 'b1' ? 'b2' : 'b1' } : line;
    expect(planted(same, swapped)).toContain('real time');
  });
  test('a refused append draws no position', () => {
    expect(planted(same, (line) => (line.op === 'drawn' ? { ...line, after: '7' } : line))).toEqual([
      'drawn by the refused',
    ]);
  });
});

describe('what calls are told', () => {
  test('of two appends at one version one wins', () => {
    expect(planted((history) => history.append('d1', 'a', '2', ['d1']))).toContain('expectation');
  });
  test("'absent' is a promise", () => {
    expect(planted((history) => history.append('d1', 'a', 'absent', ['d1']))).toContain('expectation');
  });
  test("'present' is a promise", () => {
    expect(planted((history) => history.append('d1', 'd', 'present', ['d1']))).toContain('expectation');
  });
  test('a conflict where the stream stood as expected all the time is wrong', () => {
    const refused = (history: PlantedHistory): PlantedHistory =>
      history
        .invoke('d1', [{ stream: 'a', expect: '4', ids: ['d1'] }])
        .answer('d1', { kind: 'conflict', stream: 'a', actual: '4' });
    expect(planted(refused)).toEqual(['refused']);
  });
  test('a conflict tells where the stream stands', () => {
    const refused = (history: PlantedHistory): PlantedHistory =>
      history
        .invoke('d1', [{ stream: 'a', expect: '1', ids: ['d1'] }])
        .answer('d1', { kind: 'conflict', stream: 'a', actual: '2' });
    expect(planted(refused)).toEqual(['version told']);
  });
  test('an append tells where its stream stands afterwards', () => {
    const told = (line: HistoryLine): HistoryLine =>
      line.op === 'append' && line.type === 'ok' && line.call === 'c3'
        ? { ...line, answer: { kind: 'appended', versions: ['4'], already: false, token: 't c3' } }
        : line;
    expect(planted(same, told)).toEqual(['version told']);
  });
  test("a call's events stand together", () => {
    const apart = (line: HistoryLine): HistoryLine =>
      line.op === 'stored' && (line.id === 'a2' || line.id === 'a3')
        ? { ...line, id: line.id === 'a2' ? 'a3' : 'a2' }
        : line;
    expect(planted(same, apart)).toContain('place');
  });
  test('what stands in the log is not refused when it is sent again', () => {
    const again = (history: PlantedHistory): PlantedHistory =>
      history
        .invoke('d1', [{ stream: 'a', expect: '2', ids: ['a3'] }])
        .answer('d1', { kind: 'conflict', stream: 'a', actual: '4' });
    expect(planted(again)).toEqual(['repeat']);
  });
  test('nor is it written again', () => {
    const again = (history: PlantedHistory): PlantedHistory =>
      history
        .invoke('d1', [{ stream: 'a', expect: '2', ids: ['a3'] }])
        .answer('d1', { kind: 'appended', versions: ['3'], already: false, token: '' });
    expect(planted(again)).toEqual(['repeat']);
  });
  test('but answered as what it is', () => {
    const again = (history: PlantedHistory): PlantedHistory =>
      history
        .invoke('d1', [{ stream: 'a', expect: '2', ids: ['a3'] }])
        .answer('d1', { kind: 'appended', versions: ['3'], already: true, token: '' });
    expect(planted(again)).toEqual([]);
  });
  test('a conflict that the late answer of another call tells may be as old as that call', () => {
    const refused = (history: PlantedHistory): PlantedHistory =>
      history
        .invoke('d1', [{ stream: 'd', expect: 'any', ids: ['d1'] }])
        .append('d2', 'd', 'any', ['d2'])
        .invoke('d3', [{ stream: 'd', expect: '0', ids: ['d3'] }])
        .answer('d1', { kind: 'appended', versions: ['1'], already: false, token: '' })
        .answer('d3', { kind: 'conflict', stream: 'd', actual: '1' });
    const first = (line: HistoryLine): HistoryLine =>
      line.op === 'stored' && line.id === 'd2' ? { ...line, version: '2' } : line;
    const history = (history: PlantedHistory): PlantedHistory => (history.store('d', ['d1'], 'x d1'), refused(history));
    expect(planted(history, first)).toEqual([]);
  });
  test('what a killed transaction was told is no matter when another one has written the same', () => {
    const killed = (history: PlantedHistory): PlantedHistory =>
      history
        .invoke('d1', [{ stream: 'd', expect: 'any', ids: ['d1'] }], { tx: 't2' })
        .answer('d1', { kind: 'appended', versions: ['1'], already: false, token: '' })
        .append('d2', 'd', 'absent', ['d0'])
        .append('d3', 'd', 'any', ['d1'], { tx: 't3' })
        .add({ op: 'end', type: 'ok', tx: 't3' });
    expect(planted(killed)).toEqual([]);
  });
  test('faults are of a known kind', () => {
    const failed = (history: PlantedHistory): PlantedHistory =>
      history.invoke('d1', [{ stream: 'd', expect: 'any', ids: ['d1'] }]).fail('d1', '23505');
    expect(planted(failed)).toEqual(['fault']);
  });
  test('two calls with one reply key are not both carried out', () => {
    const second = (history: PlantedHistory): PlantedHistory =>
      history.append('d1', 'd', 'any', ['d1'], { reply: { key: 'k', text: 'third' } });
    expect(planted(second)).toEqual(['reply']);
  });
  test('all get the same stored answer', () => {
    const other = (line: HistoryLine): HistoryLine =>
      line.op === 'append' && line.type === 'ok' && line.answer.kind === 'replied'
        ? { ...line, answer: { ...line.answer, versions: ['2'] } }
        : line;
    expect(planted(same, other)).toEqual(['reply']);
  });
  test('a call that was sent twice may meet its own answer', () => {
    const twice = (history: PlantedHistory): PlantedHistory =>
      history
        .invoke('d1', [{ stream: 'd', expect: 'any', ids: ['d1'] }], { reply: { key: 'l', text: 'own' } })
        .answer('d1', { kind: 'replied', reply: 'own', versions: ['1'], token: 't', requestHash: 'l' })
        .add({ op: 'reply', key: 'l', text: 'own' });
    expect(planted((history) => (history.store('d', ['d1'], 'x'), twice(history)))).toEqual([]);
    expect(planted(twice)).toContain('lost');
  });
  test('an answer is kept with the events that it is about', () => {
    expect(planted(same, (line) => (line.op === 'reply' ? undefined : line))).toEqual(['reply']);
  });
  test('two streams do not take one key', () => {
    const second = (history: PlantedHistory): PlantedHistory =>
      history.append('d1', 'd', 'any', ['d1'], { keys: [{ stream: 'd', change: 'reserve', key: 'u' }] });
    expect(planted(second)).toEqual(['key']);
  });
  test('a key that was given back may be taken by another', () => {
    const handedOn = (history: PlantedHistory): PlantedHistory =>
      history
        .append('d1', 'c', 'any', ['d1'], { keys: [{ stream: 'c', change: 'release', key: 'u' }] })
        .append('d2', 'd', 'any', ['d2'], { keys: [{ stream: 'd', change: 'reserve', key: 'u' }] });
    const held = (line: HistoryLine): HistoryLine => (line.op === 'key' ? { ...line, stream: 'd' } : line);
    expect(planted(handedOn, held)).toEqual([]);
    expect(planted(handedOn)).toEqual(['key']);
  });
  test('a read has what was acknowledged before it', () => {
    const stale = (line: HistoryLine): HistoryLine =>
      line.op === 'read' ? { ...line, events: line.events.slice(0, 1) } : line;
    expect(planted(same, stale)).toEqual(['read']);
  });
});

test('what a process calls broken is broken', () => {
  expect(planted((history) => history.add({ op: 'broken', what: 'it stands still' }))).toEqual(['broken']);
});
