import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { brokerSettings, imageVariables, KAFKA_VERSION } from './kafka-settings.ts';
import { INITDB_ARGUMENTS, POSTGRES_SETTINGS } from './postgres-settings.ts';

const lines = readFileSync(fileURLToPath(new URL('../compose.yaml', import.meta.url)), 'utf8')
  .split('\n')
  .map((line) => line.trim());

/** These say where the broker of the file is; the launcher makes its own. */
const addresses = /^KAFKA_(NODE_ID|LOG_DIRS|LISTENERS?_?.*|ADVERTISED_.*|INTER_BROKER_.*|CONTROLLER_QUORUM_VOTERS)$/;

test('compose.yaml runs Kafka with the settings of the launcher, none more and none less', () => {
  expect(lines).toContain(`image: apache/kafka:${KAFKA_VERSION}`);
  const found = lines.flatMap((line) => {
    const variable = /^(KAFKA_\w+): '?([^']+)'?$/.exec(line);
    return variable === null || addresses.test(variable[1] ?? '') ? [] : [[variable[1], variable[2]]];
  });
  expect(Object.fromEntries(found)).toEqual(imageVariables(brokerSettings(1)));
});

test('compose.yaml runs Postgres with the settings of the launcher, none more and none less', () => {
  expect(lines).toContain('image: postgres:18');
  expect(lines).toContain(`POSTGRES_INITDB_ARGS: ${INITDB_ARGUMENTS.join(' ')}`);
  const found = lines.flatMap((line) => {
    const setting = /^- --(\w+)=(\S+)$/.exec(line);
    return setting === null ? [] : [[setting[1], setting[2]]];
  });
  expect(Object.fromEntries(found)).toEqual(POSTGRES_SETTINGS);
});
