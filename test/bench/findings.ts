import type { Row } from './result.ts';

/** What the profile of a missed bar shows, and what it would take to reach it. Written by hand after a run; the page repeats it beside the figure. */
export interface Finding {
  readonly workload: Row['workload'];
  readonly cases: RegExp;
  readonly text: string;
}

const FINDINGS: readonly Finding[] = [
  {
    workload: 'W1',
    cases: /^1 writer$/,
    text:
      'of some 80 µs above the bare loop, 38 are making the parameters (which the limit has made beforehand), 23 the layers between, 18 the queue (decision 0013). ' +
      'It would take a statement with scalar parameters for one event.',
  },
  {
    workload: 'W1',
    cases: /Emmett|16 writers/,
    text: 'the ratio to Emmett moves between 1.9 and 4.2 from run to run with its own rate; at 16 writers the statement they share is the greater part. Not profiled further.',
  },
  {
    workload: 'W4',
    cases: /./,
    text:
      'not profiled in this run. What a command does beyond select, parse and append: each event is checked against the schema it was written with and folded, the decision is made on it, ' +
      'and with snapshots a stream that may have one is asked for it in a round trip of its own. It would take the snapshot and the tail in one statement.',
  },
  {
    workload: 'W5',
    cases: /./,
    text:
      'a CPU profile of 1,000-event loads: parsing metadata that no fold looks at 6.5 %, making events of rows 13 %, checking a payload beyond its parse some 4 %; the rest is the driver and the parse, as in the limit. ' +
      'It would take a read for folds alone, which asks for six of the twelve columns.',
  },
  {
    workload: 'W6',
    cases: /^platformatic/,
    text:
      'the client takes 14 µs of the thread for an event, reading, numbering, encoding and saving 11, sizes and buffers 3 (decision 0035), so in one thread half of L6 is what can be had. ' +
      'Four lanes and two threads reach it: several batches are then made, saved and sent side by side.',
  },
  {
    workload: 'W9',
    cases: /30 projections/,
    text:
      'thirty that look at one type each write a row for almost each event, where one that looks at all of them writes a hundred rows a batch: five times the rows from the log, eight times over Kafka, in thirty tables. ' +
      'Over Kafka each partition has a transaction of its own, one after the other since they meet in the same rows (decision 0048). It would take batches of several partitions in one transaction.',
  },
  {
    workload: 'W9',
    cases: /hot rows/,
    text:
      'L7 writes a hundred rows for five hundred events that it never reads. What can be had of reading and parsing them is beside it, as `read, parse, L7`; ours reads and locks the rows first, checks them, ' +
      'and moves the checkpoint in the same transaction, so events count once and nothing is missed (decision 0048).',
  },
  {
    workload: 'W9',
    cases: /one row per stream/,
    text:
      'a row is looked for and locked before it is folded and written, where L7 looks for it once and reads no event: the server has 27 µs for an event from the log, of which a page is 5, and L7 7. The thread has 16 to 33: a third sockets and the ' +
      'driver, a fifth the garbage collector, the rest decoding, folding and rows to and from text (decision 0048). `read, parse, L7` beside it reads the same events.',
  },
  {
    workload: 'W7',
    cases: /./,
    text: 'boundary, page, save and send follow on each other: three round trips to Postgres, one with a flush, and one to Kafka. Beside them it is waiting for a core that broker, Postgres and writers share.',
  },
];

/** The finding on a row. */
export function findingOn(row: Pick<Row, 'workload' | 'case'>, findings: readonly Finding[] = FINDINGS): string {
  const found = findings.find(({ workload, cases }) => workload === row.workload && cases.test(row.case));
  return found?.text ?? 'not profiled yet (`test/bench/findings.ts`).';
}
