import { expect, test, vi } from 'vitest';
import { remedyKafkajsTimer } from './kafkajs-timer.ts';
import type { KafkajsInternals } from './kafkajs-timer.ts';

class RequestQueue {
  pending: unknown[] = [];
  throttledUntil = -1;
  throttleCheckTimeoutId: unknown = null;
  checks = 0;
  checkPendingRequests(): void {
    this.checks++;
    this.scheduleCheckPendingRequests();
  }
  scheduleCheckPendingRequests(): void {
    this.throttleCheckTimeoutId = setTimeout(() => this.checkPendingRequests(), -1);
  }
}
const remedied = (): RequestQueue => {
  remedyKafkajsTimer({ version: '2.2.4', requestQueue: RequestQueue.prototype });
  return new RequestQueue();
};

test('R7 an idle connection arms no timer', () => {
  const queue = remedied();
  queue.scheduleCheckPendingRequests();
  expect(queue.throttleCheckTimeoutId).toBeNull();
});

test('R7 what is pending is checked once the broker’s throttling is over, by one timer at a time', () => {
  vi.useFakeTimers();
  try {
    const queue = remedied();
    queue.pending.push('a request');
    queue.throttledUntil = Date.now() + 300;
    queue.scheduleCheckPendingRequests();
    queue.scheduleCheckPendingRequests();
    expect(vi.getTimerCount()).toBe(1);
    vi.advanceTimersByTime(299);
    expect(queue.checks).toBe(0);
    vi.advanceTimersByTime(1);
    expect(queue.checks).toBe(1);
    queue.pending.length = 0;
    vi.runAllTimers();
    expect(vi.getTimerCount()).toBe(0);
  } finally {
    vi.useRealTimers();
  }
});

test('the installed kafkajs is remedied, and a second time does nothing', () => {
  remedyKafkajsTimer();
  remedyKafkajsTimer();
});

test.each<[string, KafkajsInternals]>([
  ['another version', { version: '2.2.5', requestQueue: RequestQueue.prototype }],
  ['no such method', { version: '2.2.4', requestQueue: {} }],
  ['a method of another shape', { version: '2.2.4', requestQueue: { scheduleCheckPendingRequests: () => 1 } }],
])('%s is refused', (_what, internals) => {
  expect(() => remedyKafkajsTimer(internals)).toThrow(expect.objectContaining({ code: 'LF_KAFKAJS_UNSUPPORTED' }));
});
