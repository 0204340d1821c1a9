import type { EventStore } from '@leftfold/core';
import { memory } from '@leftfold/memory';
import { conformanceTopic, eventStoreConformance } from '@leftfold/testing';
import { describe, expect, test } from 'vitest';

/** What was shipped elsewhere, as a wrapper around a store that is right; and a case that must see it. */
export interface Breaks {
  readonly [name: string]: readonly [(store: EventStore) => Partial<EventStore>, string];
}

/** One test per break: the case fails, by an assertion of its own. */
export function testBreaks(breaks: Breaks): void {
  describe('the suite catches a store in which', () => {
    for (const [name, [breakIt, title]] of Object.entries(breaks)) {
      test(`${name}: "${title}"`, async () => {
        const { store } = memory({ topic: conformanceTopic });
        const broken: EventStore = {
          read: (...args) => store.read(...args),
          append: (...args) => store.append(...args),
          reply: (...args) => store.reply(...args),
          ...breakIt(store),
        };
        const suite = eventStoreConformance({
          store: () => broken,
          capabilities: { transactions: false, replyExpiry: false },
        });
        const caught = suite.find((one) => one.title === title);
        await expect(caught?.run()).rejects.toMatchObject({ code: 'ERR_ASSERTION' });
      });
    }
  });
}
