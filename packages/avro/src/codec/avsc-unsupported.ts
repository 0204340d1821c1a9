import { createRequire } from 'node:module';
import { LeftfoldError } from '@leftfold/core';

const SUPPORTED = '5.7.9';

/** The installed avsc is not the one whose internals the codec rests on. `LF_AVSC_UNSUPPORTED` */
export class AvscUnsupported extends LeftfoldError {
  readonly code = 'LF_AVSC_UNSUPPORTED' as const;
  readonly retryable = false as const;

  constructor(found: string) {
    super(`avsc ${found} is installed, the codec is proven with ${SUPPORTED} only; remove the override that brings it`);
  }
}

/**
 * Another version is refused and not just warned about: what types ask of each other inside avsc (`Protocol`) is nobody's promise there.
 * @throws {@link AvscUnsupported} `LF_AVSC_UNSUPPORTED`
 */
export function checkAvsc(version: string = installed()): void {
  if (version !== SUPPORTED) throw new AvscUnsupported(version);
}

function installed(): string {
  return (createRequire(import.meta.url)('avsc/package.json') as { readonly version: string }).version;
}
