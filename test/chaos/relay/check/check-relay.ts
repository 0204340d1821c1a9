import { Violations, type Violation } from '../../violation.ts';
import type { RelayHistory, StoredEvent, StoredRecord } from '../history.ts';

/** What the records of a run say. */
export interface RelayVerdict {
  readonly violations: readonly Violation[];
  /** Records whose sequence stood in their partition before. */
  readonly resends: number;
}

/**
 * Everything about a run's log and topics that should not be so. It knows nothing of how the relay works, only what is promised of the records. Pure: the run is
 * over.
 */
export function checkRelay(history: RelayHistory): RelayVerdict {
  const violations = new Violations();
  for (const line of history.told) {
    if (line.op === 'broken') violations.add('broken', `${line.process}: ${line.what}`);
  }
  const records = history.records.toSorted((one, other) => one.offset - other.offset);
  checkAcknowledged(history, violations);
  checkContents(history.events, records, violations);
  const { firsts, resends } = checkSequences(records, violations);
  checkStreams(firsts, violations);
  checkConfirmed(history, records, violations);
  checkPointed(history, records, violations);
  return { violations: violations.found, resends };
}

const streamOf = ({ tenant, stream }: { readonly tenant: string; readonly stream: string }): string =>
  tenant === '' ? stream : `${tenant}/${stream}`;
const placeOf = ({ topic, partition }: { readonly topic: string; readonly partition: number }): string =>
  `${topic}/${partition}`;
/** Twins of two tenants may have one id. */
const nameOf = ({ tenant, id }: { readonly tenant: string; readonly id: string }): string => `${tenant}/${id}`;

/** An acknowledged event is in the log, whatever befell the server. */
function checkAcknowledged({ told, events }: RelayHistory, violations: Violations): void {
  const stored = new Set(events.map(({ id }) => id));
  for (const line of told) {
    if (line.op !== 'acknowledged') continue;
    for (const id of line.ids) {
      if (!stored.has(id)) violations.add('lost', `${id} was acknowledged to ${line.process} and is not in the log`);
    }
  }
}

/** What is in the topics is what is in the log: nothing missing, nothing else, each event as it was written. */
function checkContents(events: readonly StoredEvent[], records: readonly StoredRecord[], violations: Violations): void {
  const log = new Map(events.map((event) => [nameOf(event), event]));
  const published = new Set<string>();
  for (const record of records) {
    const event = log.get(nameOf(record));
    const where = `offset ${record.offset} of ${placeOf(record)}`;
    published.add(nameOf(record));
    if (event === undefined) violations.add('phantom', `${record.id} at ${where} is not in the log`);
    else if (event.topic !== record.topic) {
      violations.add('misrouted', `${record.id} at ${where} belongs to ${event.topic ?? 'no topic'}`);
    } else if (event.version !== record.version || streamOf(event) !== streamOf(record)) {
      const is = `version ${record.version} of ${streamOf(record)}`;
      violations.add(
        'altered',
        `${record.id} at ${where} is ${is}, in the log version ${event.version} of ${streamOf(event)}`,
      );
    } else if (record.isWithheld)
      violations.add('withheld', `${record.id} at ${where} is withheld, and no broker refused it`);
    else if (record.value !== event.payload)
      violations.add('altered', `${record.id} at ${where} has the value ${record.value}`);
  }
  for (const event of events) {
    if (event.topic !== null && !published.has(nameOf(event))) {
      violations.add('missing', `${event.id}, version ${event.version} of ${streamOf(event)}, is in no topic`);
    }
  }
}

/** Per log, generation and partition the sequences are gapless from where that began, each of one event, and one event has one. */
function checkSequences(
  records: readonly StoredRecord[],
  violations: Violations,
): { readonly firsts: readonly StoredRecord[]; readonly resends: number } {
  const firsts: StoredRecord[] = [];
  let resends = 0;
  for (const of of Map.groupBy(records, (record) => `${record.log} ${record.generation} ${placeOf(record)}`).values()) {
    const byNumber: StoredRecord[] = [];
    for (const record of of) {
      const known = byNumber[record.sequence - record.began];
      const what = `${record.id} at offset ${record.offset} of ${placeOf(record)} has number ${record.sequence}`;
      if (known !== undefined) {
        resends += 1;
        if (nameOf(known) !== nameOf(record)) violations.add('reused', `${what}, which is ${known.id}`);
      } else if (record.sequence !== record.began + byNumber.length) {
        violations.add('gap', `${what} after ${record.began + byNumber.length - 1}`);
      } else {
        byNumber.push(record);
        firsts.push(record);
      }
    }
  }
  for (const of of Map.groupBy(firsts, nameOf).values()) {
    const [first, again] = of as [StoredRecord, StoredRecord?];
    if (again === undefined) continue;
    const numbers = of.map((record) => `${placeOf(record)}#${record.sequence}`);
    violations.add('renumbered', `${first.id} has ${of.length} numbers: ${numbers.join(', ')}`);
  }
  return { firsts, resends };
}

/** A consumer that drops what it has seen gets versions 1, 2, 3, … of each stream, all from one partition. */
function checkStreams(firsts: readonly StoredRecord[], violations: Violations): void {
  for (const [stream, of] of Map.groupBy(firsts, (record) => `${record.topic} ${streamOf(record)}`)) {
    const places = new Set(of.map(placeOf));
    if (places.size > 1) violations.add('split', `${stream} is in ${[...places].join(' and ')}`);
    let last = 0;
    for (const { version, partition, offset } of of) {
      if (version !== last + 1) {
        violations.add(
          'order',
          `version ${version} of ${stream} comes after ${last}, at offset ${offset} of partition ${partition}`,
        );
      }
      last = version;
    }
  }
}

/** The relay's own row agrees with its topics: it says that all is sent, and it is. */
function checkConfirmed({ confirmed }: RelayHistory, records: readonly StoredRecord[], violations: Violations): void {
  const last = new Map<string, number>();
  for (const record of records) last.set(placeOf(record), Math.max(last.get(placeOf(record)) ?? 0, record.sequence));
  const said = new Map<string, number>();
  for (const one of confirmed) said.set(placeOf(one), Math.max(said.get(placeOf(one)) ?? 0, one.next - 1));
  for (const place of new Set([...last.keys(), ...said.keys()])) {
    const [is, of] = [last.get(place) ?? 0, said.get(place) ?? 0];
    if (is !== of) violations.add('confirmed', `${place} ends with number ${is}, the relay has confirmed ${of}`);
  }
}

/** Whoever starts at a milestone's offset finds everything from its sequence on. */
function checkPointed({ pointed }: RelayHistory, records: readonly StoredRecord[], violations: Violations): void {
  const byPlace = Map.groupBy(records, (record) => `${record.log} ${record.generation} ${placeOf(record)}`);
  for (const { log, generation, topic, partition, next, offset } of pointed) {
    const of = byPlace.get(`${log} ${generation} ${topic}/${partition}`) ?? [];
    const found = new Set(of.flatMap((record) => (record.offset >= offset ? [record.sequence] : [])));
    const all = new Set(of.flatMap(({ sequence }) => (sequence >= next ? [sequence] : [])));
    const absent = [...all].filter((sequence) => !found.has(sequence));
    const unsent = next - 1 > 0 && !of.some(({ sequence }) => sequence === next - 1);
    if (absent.length > 0 || unsent) {
      const what = absent.length > 0 ? `number ${absent[0]} is before it` : `number ${next - 1} was never sent`;
      violations.add(
        'milestone',
        `a milestone points to offset ${offset} of ${topic}/${partition} for numbers from ${next}: ${what}`,
      );
    }
  }
}
