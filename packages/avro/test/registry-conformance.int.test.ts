import { inject, test } from 'vitest';
import { confluentRegistry } from '@leftfold/avro';
import { registryCases } from './registry-conformance.ts';
import { setRule } from './registry-settings.ts';

const url = inject('registryUrl');
const cases = registryCases({
  open: () => confluentRegistry({ url }),
  setRule: (subject, rule) => setRule(url, subject, rule),
  notesOnce: false,
});
test.each(cases)('a registry of Confluent’s API: $title', async ({ run }) => run());
