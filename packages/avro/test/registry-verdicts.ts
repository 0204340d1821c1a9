import type { Readable } from './evolution-change.ts';

/**
 * Where the registry's verdict is another one. It goes by Java's `SchemaCompatibility`, which looks beneath logical types: we are stricter there, in the gate as in decoding. A text that only
 * the registry would take is none that `push` sends.
 */
export const differences: { readonly [title: string]: { readonly registry: Readable; readonly why: string } } = {
  'the precision of a decimal grows': { registry: 'both', why: 'older readers have no room for the digits' },
  'the precision of a decimal shrinks': { registry: 'both', why: 'today has no room for the digits' },
  'the precision of a fixed decimal grows': { registry: 'both', why: 'older readers have no room for the digits' },
  'the scale of a decimal grows': { registry: 'both', why: '12.34 would be read as 1.234' },
  'the scale of a decimal shrinks': { registry: 'both', why: '12.340 would be read as 123.40' },
  'a string becomes a uuid': { registry: 'both', why: 'any text would pass for a uuid' },
  'a uuid becomes a string': { registry: 'both', why: 'older readers would take any text for a uuid' },
  'a long becomes an instant': { registry: 'both', why: 'a number would be read as a time' },
  'an instant becomes a long': { registry: 'both', why: 'a time would be read as a number' },
  'an int becomes a day': { registry: 'both', why: 'a number would be read as a day' },
  'a day becomes an int': { registry: 'both', why: 'a day would be read as a number' },
  'a day becomes an instant': { registry: 'backward', why: 'day 20000 would be read as 20 seconds past 1970' },
  'bytes become a decimal': { registry: 'both', why: 'any bytes would be read as a number' },
  'a decimal becomes bytes': { registry: 'both', why: 'a number would be read as bytes' },
};
