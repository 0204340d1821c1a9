import { publisherConformance } from '@leftfold/testing';
import { describe, expect, inject, test } from 'vitest';
import { brokerHarness, CLIENTS } from './publisher-harness.ts';

describe.each(CLIENTS)('over %s', (client) => {
  const suite = publisherConformance(brokerHarness(inject('kafkaBrokers') ?? [], { client }));
  for (const { title, run } of suite) test(title, run);

  test('what one broker cannot suffer is left to three', () => {
    expect(suite.undeclared).toEqual(['faults', 'leaders', 'copies']);
  });
});
