/** One deliberate break of the sources, and the test that must fail on it. */
export interface Mutant {
  /** Unique, as `relay-saves-after-the-send`. */
  readonly id: string;
  /** What is wrong with it, in a few words. */
  readonly title: string;
  /** From the root of the repository. */
  readonly file: string;
  /** Stands in the file exactly once. */
  readonly find: string;
  readonly replace: string;
  /** The test file that must fail, from the root of the repository. */
  readonly test: string;
  /** Part of the name of the test that must fail; without it any test of the file. */
  readonly testName?: string;
}
