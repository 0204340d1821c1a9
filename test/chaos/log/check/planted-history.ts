import type { Answer, HistoryLine, Invoked, PlannedAppend } from '../history/history.ts';
import type { NewLine } from '../history/recorder.ts';

/** A history made by hand, in which each line is a millisecond later than the one before. */
export class PlantedHistory {
  readonly #lines: HistoryLine[] = [];
  readonly #versions = new Map<string, bigint>();
  readonly #rows: { readonly id: string; readonly stream: string; readonly version: bigint; readonly xid: string }[] =
    [];

  get lines(): readonly HistoryLine[] {
    return this.#lines;
  }

  add(line: NewLine & { readonly process?: string }): this {
    this.#lines.push({ at: (this.#lines.length + 1) * 1_000, process: 'writer', ...line });
    return this;
  }
  /** Begins a call without an answer. */
  invoke(call: string, appends: readonly PlannedAppend[], more: Partial<Invoked> = {}): this {
    return this.add({ op: 'append', type: 'invoke', call, appends, ...more });
  }
  answer(call: string, answer: Answer): this {
    return this.add({ op: 'append', type: 'ok', call, answer });
  }
  fail(call: string, code: string, type: 'fail' | 'info' = 'fail'): this {
    return this.add({ op: 'append', type, call, code });
  }

  /** A call that was carried out: told so, and stored. */
  append(call: string, stream: string, expect: string, ids: readonly string[], more: Partial<Invoked> = {}): this {
    this.invoke(call, [{ stream, expect, ids }], more);
    const version = this.store(stream, ids, `x ${more.tx ?? call}`);
    return this.answer(call, { kind: 'appended', versions: [version], already: false, token: `t ${call}` });
  }
  /** Puts events into the log, whatever anybody was told. */
  store(stream: string, ids: readonly string[], xid: string): string {
    for (const id of ids) {
      const version = (this.#versions.get(stream) ?? 0n) + 1n;
      this.#versions.set(stream, version);
      this.#rows.push({ id, stream, version, xid });
    }
    return String(this.#versions.get(stream) ?? 0n);
  }

  /** What the log holds in the end, as it is dumped, and read by one reader in batches of two and by one relay. */
  finish(): this {
    for (const [index, { id, stream, version, xid }] of this.#rows.entries()) {
      this.add({ op: 'stored', id, stream, version: String(version), position: String(index + 1), xid });
    }
    for (const [stream, version] of this.#versions) this.add({ op: 'head', stream, version: String(version) });
    for (let i = 0; i < this.#rows.length; i += 2) {
      const records = this.#rows
        .slice(i, i + 2)
        .map(({ id, stream, version }, nth) => [id, stream, String(version), String(i + nth + 1)] as const);
      this.add({ op: 'seen', reader: 'reader', lane: '0', pinned: `p${i}`, to: `c${i + 2}`, records });
      this.add({
        op: 'sent',
        partition: 'topic/0',
        records: records.map(([id, stream, version], nth) => [id, stream, version, i + nth + 1] as const),
      });
    }
    this.add({ op: 'again', reader: 'reader', lane: '0', from: 'c2', ids: this.#rows.slice(2).map(({ id }) => id) });
    return this;
  }
}

/** The same history with one line after the other changed; `undefined` leaves a line out. */
export function changed(
  lines: readonly HistoryLine[],
  change: (line: HistoryLine) => HistoryLine | undefined,
): readonly HistoryLine[] {
  return lines.flatMap((line) => change(line) ?? []);
}
