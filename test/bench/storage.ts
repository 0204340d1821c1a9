// npm run bench:storage: what the log takes on disk and in the WAL, and what its settings rest on (decision 0017). Some minutes; nothing is asserted.
import { startBenchServer } from './bench-server.ts';
import { PAYLOAD_BYTES } from './payloads.ts';
import { columnBytes } from './storage/column-bytes.ts';
import { compressionCosts, type Keeping } from './storage/compression.ts';
import { eventBytes } from './storage/event-bytes.ts';
import { freezingCost } from './storage/freezing.ts';
import { checkpointSaves, streamHeads } from './storage/hot-rows.ts';
import { replyIndexCosts } from './storage/reply-index.ts';

const SECTIONS = ['events', 'columns', 'compression', 'hot', 'replies', 'freezing'];
const asked = process.argv.slice(2);
const isAsked = (section: string): boolean => asked.length === 0 || asked.includes(section);
const unknown = asked.filter((section) => !SECTIONS.includes(section));
if (unknown.length > 0) {
  console.error(`there is no section ${unknown.join(', ')}; use ${SECTIONS.join(', ')}`);
  process.exit(1);
}

const server = await startBenchServer();
try {
  const { version } = await server.one<{ version: string }>('select version()');
  console.log(version);
  const sizes = [PAYLOAD_BYTES.SMALL, PAYLOAD_BYTES.KIB, PAYLOAD_BYTES.LARGE];
  if (isAsked('events')) {
    for (const payloadBytes of sizes) {
      for (const events of [1, 10])
        show('bytes per event', await eventBytes(server, { payloadBytes, events, total: 6_000 }));
    }
  }
  if (isAsked('columns')) for (const bytes of sizes) show(`columns at ${bytes} B`, await columnBytes(server, bytes));
  if (isAsked('compression')) {
    const { lz4 } = await server.one<{ lz4: boolean }>(
      `select 'lz4' = any(enumvals) as lz4 from pg_settings where name = 'default_toast_compression'`,
    );
    const ways = (['pglz', ...(lz4 ? ['lz4' as const] : [])] as const).flatMap((compression): Keeping[] =>
      [2_040, 4_080, 8_160].map((tupleTarget) => ({ compression, tupleTarget })),
    );
    for (const bytes of sizes)
      for (const cost of await compressionCosts(server, bytes, ways, 3)) show('compression', cost);
  }
  if (isAsked('hot')) {
    for (const oldSnapshot of [false, true]) {
      show('hot rows', await checkpointSaves(server, 6_000, oldSnapshot));
      show('hot rows', await streamHeads(server, 16_000, oldSnapshot));
    }
  }
  if (isAsked('replies')) for (const cost of await replyIndexCosts(server, 3)) show('reply index', cost);
  if (isAsked('freezing')) for (const age of [50_000_000, 0]) show('freezing', await freezingCost(server, age));
} finally {
  await server.stop();
}

function show(what: string, figures: object): void {
  const rounded = JSON.stringify(figures, (_, value: unknown) =>
    typeof value === 'number' ? Math.round(value * 100) / 100 : value,
  );
  console.log(`${what}: ${rounded.replaceAll('"', '').replaceAll(',', ', ')}`);
}
