import { setTimeout as pause } from 'node:timers/promises';
import { startKafka } from '@leftfold/infra';
import type { PublishRecord } from '@leftfold/subscriptions';
import { faultMix, moveLeaders, publisherConformance, PublishHistory, startKafkaProxies } from '@leftfold/testing';
import type { KafkaFault, KafkaProxies, KafkaRule } from '@leftfold/testing';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { CLIENTS, clusterHarness, SHORT_LIMITS } from './publisher-harness.ts';
import type { Proxied } from './publisher-harness.ts';
import { administer } from './test-cluster.ts';

/** Of a run under faults. A longer one is more thorough: faults are as many as fit in. */
const SECONDS = Number(process.env['LEFTFOLD_FAULTS_SECONDS'] ?? 7);
const SEED = Number(process.env['LEFTFOLD_SEED'] ?? Date.now() % 1_000_000);
const RUN = `(seed ${SEED}, ${SECONDS} s)`;
const PARTITIONS = Array.from({ length: 6 }, (_, partition) => partition);

const held: { proxied?: Proxied } = {};
const proxied = (): Proxied => held.proxied as Proxied;
beforeAll(async () => {
  const proxies = await startKafkaProxies(3);
  const cluster = await startKafka({ brokers: 3, own: true, proxied: proxies.ports });
  proxies.forwardTo(cluster.nodes.map(({ behindProxy }) => behindProxy ?? 0));
  held.proxied = { proxies, cluster };
});
afterEach(() => proxied().proxies.rule(undefined));
afterAll(async () => {
  await proxied().cluster.stop();
  await proxied().proxies.close();
});

describe.each(CLIENTS)('over %s', (client) => {
  const harness = clusterHarness(proxied, client);
  const suite = publisherConformance(harness);
  for (const { title, run } of suite) test(title, run);

  test('nothing is left out but what one broker shows as well', () => {
    expect(suite.undeclared).toEqual(['absent']);
  });

  const whole = `R5 R6 leaders moved every second, a broker killed, connections cut, half open and silent: order, nothing missing, every outcome true`;
  test(`${whole} ${RUN}`, async ({ annotate }) => {
    const { cluster, proxies } = proxied();
    const scene = await harness.open(PARTITIONS.length);
    const [topic = ''] = scene.topics;
    const publisher = await scene.publisher();
    const history = new PublishHistory();
    await history.write(publisher, batch(topic, PARTITIONS, 0));
    const before = suffered(proxies);
    proxies.rule(mixed());
    const until = performance.now() + SECONDS * 1_000;
    const moving = movingLeaders(topic, cluster.brokers.slice(0, 2), until);
    const killing = (async () => {
      await pause(SECONDS * 300);
      await cluster.kill(3);
      await pause(SECONDS * 100);
      await cluster.startNode(3);
    })();
    let n = 1;
    for (; performance.now() < until; n++) await history.write(publisher, batch(topic, PARTITIONS, n), 120_000);
    const [moves] = await Promise.all([moving, killing]);
    proxies.rule(undefined);
    await history.write(publisher, batch(topic, PARTITIONS, n), 120_000);
    await publisher.close();

    history.check(topic, await scene.read(topic));
    const faults = suffered(proxies) - before;
    const doubtful = history.outcomes.filter(({ kind }) => kind === 'unknown').length;
    await annotate(`${n + 1} batches, ${faults} faults, ${moves} leaders moved, ${doubtful} outcomes in doubt`);
    expect(faults).toBeGreaterThan(0);
    expect(moves).toBeGreaterThan(0);
  }, 240_000);

  test(`R5b six publishers at once while 6 % of the answers are cut: all partitions go on, also after the faults end ${RUN}`, async () => {
    const { proxies } = proxied();
    const scene = await harness.open(PARTITIONS.length);
    const [topic = ''] = scene.topics;
    const history = new PublishHistory();
    const before = suffered(proxies);
    proxies.rule(faultMix({ seed: SEED, share: 0.06, faults: ['cut'], on: 'answer' }));
    const until = performance.now() + SECONDS * 500;
    await Promise.all(
      PARTITIONS.map(async (partition) => {
        const publisher = await scene.publisher();
        let n = 1;
        for (; performance.now() < until; n++) await history.write(publisher, batch(topic, [partition], n));
        proxies.rule(undefined);
        for (const end = n + 5; n < end; n++) await history.write(publisher, batch(topic, [partition], n));
        await publisher.close();
      }),
    );
    history.check(topic, await scene.read(topic));
    expect(suffered(proxies)).toBeGreaterThan(before);
  }, 240_000);
});

/** The n-th records of some partitions: a few each, as in a relay's batch. */
function batch(topic: string, partitions: readonly number[], n: number): readonly PublishRecord[] {
  return partitions.flatMap((partition) =>
    [1, 2, 3, 4, 5].map((i) => ({
      topic,
      partition,
      key: `key-${i}`,
      value: Buffer.from(`value ${n}`),
      headers: { 'x-id': `${n}-${i}` },
    })),
  );
}

/** Sends suffer more than what is asked around them: else the time would be spent on connecting. */
function mixed(): KafkaRule {
  const late = [{ delayMs: 300 }, { delayMs: 1.5 * SHORT_LIMITS.requestMs }];
  const faults: readonly KafkaFault[] = ['cut', 'cut-after', 'half', 'drop', 'half-open', ...late];
  const sends = faultMix({ seed: SEED, share: 0.06, faults, apis: ['Produce'] });
  const others = faultMix({ seed: SEED + 1, share: 0.005, faults });
  return (frame) => (frame.api === 'Produce' ? sends : others)(frame);
}

function suffered({ counts }: KafkaProxies): number {
  return counts.cut + counts['cut-after'] + counts.half + counts.drop + counts['half-open'] + counts.delay;
}

/** How many were moved. */
function movingLeaders(topic: string, brokers: readonly string[], until: number): Promise<number> {
  return administer(async (admin) => {
    let moves = 0;
    while (performance.now() < until) {
      // While a broker is down there are leaders that cannot move.
      moves += (await moveLeaders(admin, topic, { withinMs: 3_000 }).catch(() => [])).length;
      await pause(1_000);
    }
    return moves;
  }, brokers);
}
