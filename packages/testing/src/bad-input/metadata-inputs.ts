import type { BadInput } from './bad-input.ts';
import { GOOD } from './notes.ts';

const HEADERS: readonly (readonly [what: string, headers: { readonly [name: string]: string }, says: RegExp])[] = [
  ['with CR and LF in its value', { 'x-note': 'a\r\nce_id: forged' }, /header x-note holds a control character/],
  ['with LF in its name', { 'x-note\nce_id': 'a' }, /has a name that is no token/],
  ['named traceparent, beside the one we set', { traceparent: 'a' }, /header traceparent has a reserved name/],
  ['named Traceparent', { Traceparent: 'a' }, /header Traceparent has a reserved name/],
  ['that forges ce_id', { ce_id: 'a' }, /header ce_id has a reserved name/],
  ['that forges CE_Source', { CE_Source: 'a' }, /header CE_Source has a reserved name/],
  ['that forges lf', { lf: '{"tenant":"other"}' }, /header lf has a reserved name/],
  ['that forges a tenant', { lf_tenant: 'other' }, /header lf_tenant has a reserved name/],
  ['that is given twice', { 'x-note': 'a', 'X-Note': 'b' }, /header X-Note is given twice/],
  ['with a lone surrogate', { 'x-note': '\ud83d' }, /holds a lone surrogate/],
  ['of 9,000 bytes', { 'x-note': 'x'.repeat(9_000) }, /bytes long; the limit is 8192/],
];

/** What goes along with an event. */
export const metadataInputs: readonly BadInput[] = [
  ...HEADERS.map(([what, headers, says]): BadInput => ({
    what: `a header ${what}`,
    code: 'LF_METADATA_INVALID',
    says,
    attempt: ({ notes, id }) => notes.add(id, GOOD, { metadata: { headers } }),
  })),
  {
    what: 'a traceparent of another form',
    code: 'LF_METADATA_INVALID',
    says: /traceparent is not in the form of W3C Trace Context/,
    attempt: ({ notes, id }) => notes.add(id, GOOD, { metadata: { traceparent: '00-zz-1-01' } }),
  },
  {
    what: 'an actor with a newline',
    code: 'LF_METADATA_INVALID',
    says: /actor holds a control character/,
    attempt: ({ notes, id }) => notes.add(id, GOOD, { metadata: { actor: 'a\nb' } }),
  },
  {
    what: 'an effective time that is none',
    code: 'LF_METADATA_INVALID',
    says: /effectiveAt is not a valid date/,
    attempt: ({ notes, id }) => notes.add(id, GOOD, { metadata: { effectiveAt: new Date(NaN) } }),
  },
];
