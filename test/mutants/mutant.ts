/** One place of the sources, and what stands there instead. */
export interface Break {
  /** From the root of the repository. */
  readonly file: string;
  /** Stands in the file exactly once. */
  readonly find: string;
  readonly replace: string;
}

/** One deliberate break of the sources, and the test that must fail on it. */
export interface Mutant extends Break {
  /** Unique, as `relay-saves-after-the-send`. */
  readonly id: string;
  /** What is wrong with it, in a few words. */
  readonly title: string;
  /** Other places of the same bug, in other files: what one line prevents, a second one may prevent as well. */
  readonly also?: readonly Break[];
  /** The test file that must fail, from the root of the repository. */
  readonly test: string;
  /** Part of the name of the test that must fail; without it any test of the file. */
  readonly testName?: string;
}
