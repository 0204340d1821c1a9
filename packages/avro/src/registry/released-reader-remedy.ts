import type { AvroRule } from '@leftfold/core';

const NEW_VERSION = 'or say the change as a new version with an upcaster';

/**
 * What to do where a released text cannot read what a further one writes. Only the further one may change, so nothing here says to mend the reader: no default, no alias
 * of the released text can be added or taken away.
 */
export const RELEASED_READER_REMEDY: Readonly<Record<AvroRule, string>> = {
  'writer-invalid': 'correct the further text',
  'reader-invalid': 'bring the text back as it was released',
  type: `keep the type it was released with, ${NEW_VERSION}`,
  'logical-type': `keep the type it was released with, ${NEW_VERSION}`,
  'decimal-scale': `keep the scale, ${NEW_VERSION}`,
  'decimal-precision': `keep the precision it was released with, ${NEW_VERSION}`,
  name: `keep the name, ${NEW_VERSION}`,
  'field-without-default': `keep the field, ${NEW_VERSION}`,
  'field-ambiguous': `give the added field a name that no released one had, ${NEW_VERSION}`,
  'enum-symbol': `keep the symbols as they were released, ${NEW_VERSION}`,
  'union-branch': `keep the branches as they were released, ${NEW_VERSION}`,
  'fixed-size': `keep the size, ${NEW_VERSION}`,
  depth: 'put fewer types into each other',
};
