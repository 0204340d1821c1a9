import { expect, test } from 'vitest';
import { decisionOf, refuserOf } from './deciding.ts';

const refuse = refuserOf({
  category: 'orders.order',
  refusals: { NOT_PAID: '{missing} cents of {of} are missing', CLOSED: 'It is {status}, not {toString}' },
});

test('a refusal has its code, its details, and their texts in its sentence', () => {
  expect(refuse('NOT_PAID', { missing: 5, of: { cents: 7 } })).toMatchObject({
    code: 'NOT_PAID',
    message: '5 cents of {"cents":7} are missing',
    details: { missing: 5, of: { cents: 7 } },
    retryable: false,
  });
});
test('a placeholder without a detail of its own stays as it is', () => {
  expect(refuse('CLOSED', { status: 'shipped' }).message).toBe('It is shipped, not {toString}');
  expect(refuse('CLOSED').message).toBe('It is {status}, not {toString}');
});
test.each(['OTHER', 'toString'])('a refusal that is not declared is a fault of the code, as %s', (code) => {
  expect(() => refuse(code as 'CLOSED')).toThrow(expect.objectContaining({ code: 'LF_REFUSAL_UNDECLARED' }));
});
test('a list of events is a decision without an answer', () => {
  expect(decisionOf([1, 2])).toEqual({ events: [1, 2] });
  expect(decisionOf({ events: [1], result: 'x' })).toEqual({ events: [1], result: 'x' });
});
