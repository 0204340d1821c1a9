import { test } from 'vitest';
import { memory } from '@leftfold/memory';
import { conformanceTopic } from '../event-store/conformance-topic.ts';
import { logConformance } from './log-conformance.ts';

for (const { title, run } of logConformance({
  storage: () => memory({ topic: conformanceTopic }),
  lanes: (lanes) => memory({ lanes, topic: conformanceTopic }),
}))
  test(title, run);
