import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AppendMaker, type AppendShape } from '../append-shape.ts';
import { benchPool } from '../bench-pool.ts';
import { bareRow, captureAppend, type BareRow } from '../captured-append.ts';
import type { PeerSide } from '../sides/side.ts';

/** What pgbench measures is its own time; the rest of a sample is not known. */
const UNKNOWN = { cpuOfClient: Number.NaN, cpuOfPostgres: undefined, wal: Number.NaN, table: Number.NaN };

/** The store's statement from pgbench, a client in C. `undefined` where there is none on the path. */
export function pgbench(shape: AppendShape): PeerSide | undefined {
  const version = pgbenchVersion();
  if (version === undefined) return undefined;
  return {
    name: 'pgbench',
    version,
    // It is the store's own statement.
    correct: null,
    findings: [],
    open: () => Promise.reject(new Error('pgbench measures itself')),
    sample: async (url, workers, { countMs }) => {
      const pool = benchPool(url, 1);
      const maker = new AppendMaker(shape);
      const { text, values } = await captureAppend(pool, [maker.toNewStream(-1), maker.toNewStream(-2)]);
      await pool.end();
      const script = scriptOf(text, values(marked(bareRow(maker.toNewStream(0)))));
      const tps = await transactionsPerSecond(url, script, workers, Math.ceil(countMs / 1_000));
      return { ...UNKNOWN, perSecond: tps * shape.events, events: 0, loopDelay: Number.NaN, rssSlope: Number.NaN };
    },
  };
}

const STREAM = 'the stream';
const ID = 'an id';
const HASH = 123_454_321;
/** A row with marks where another value stands in each append; payloads stay the same, which Postgres does not notice. */
const marked = (row: BareRow): BareRow => ({ ...row, streamId: STREAM, hash: HASH, ids: row.ids.map(() => ID) });

/** A script for pgbench: what changes from append to append is drawn at random, the rest stands in the text. */
function scriptOf(text: string, values: readonly unknown[]): string {
  const sql = text.replaceAll(/\$(\d+)/g, (_, place: string) => `(${expression(values[Number(place) - 1])})`);
  return `\\set k random(1, 1000000000000)\n\\set h random(0, 2147483647)\n${sql};\n`;
}

function expression(value: unknown): string {
  if (value === STREAM) return `'bench.note-' || :client_id || '-' || :k`;
  if (value === HASH) return ':h';
  if (value === null || value === undefined) return 'null';
  if (Array.isArray(value)) {
    return value[0] === ID
      ? `array[${value.map(() => 'gen_random_uuid()').join(', ')}]`
      : `array[${value.map(literal).join(', ')}]`;
  }
  return typeof value === 'string' ? literal(value) : Number(value).toString();
}

const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`;

function pgbenchVersion(): string | undefined {
  try {
    return /(\d+(\.\d+)*)/.exec(execFileSync('pgbench', ['--version'], { encoding: 'utf8' }))?.[1];
  } catch {
    return undefined;
  }
}

async function transactionsPerSecond(url: string, script: string, clients: number, seconds: number): Promise<number> {
  const { hostname, port, username, password, pathname } = new URL(url);
  const folder = mkdtempSync(join(tmpdir(), 'leftfold-pgbench-'));
  try {
    const file = join(folder, 'append.sql');
    writeFileSync(file, script);
    const threads = Math.min(clients, 2);
    const args = [
      '-n',
      '-M',
      'prepared',
      '-c',
      clients,
      '-j',
      threads,
      '-T',
      seconds,
      '-f',
      file,
      '-h',
      hostname,
      '-p',
      port,
    ];
    const env = { ...process.env, PGPASSWORD: password };
    const child = spawn('pgbench', [...args.map(String), '-U', username, pathname.slice(1)], { env });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
    await new Promise((resolve, reject) => void child.on('error', reject).on('close', resolve));
    const tps = /^tps = ([\d.]+)/m.exec(output)?.[1];
    if (tps === undefined) throw new Error(`pgbench gave no result: ${output.slice(-500)}`);
    return Number(tps);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
