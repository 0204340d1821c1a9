import { memory } from '@leftfold/memory';
import { expect, test } from 'vitest';
import { conformanceTopic } from '../event-store/conformance-topic.ts';
import { progressConformance } from './progress-conformance.ts';

const storage = memory({ topic: conformanceTopic });
const suite = progressConformance({ storage: () => storage, lanes: (lanes) => memory({ lanes }) });
for (const { title, run } of suite) test(title, run);
test('every capability is declared', () => expect(suite.undeclared).toEqual([]));
