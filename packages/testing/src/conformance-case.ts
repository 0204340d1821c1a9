/** One promise of a port, and the program that proves it. Fits any runner: `for (const c of suite) test(c.title, c.run)`. */
export interface ConformanceCase {
  /** A sentence about behaviour; begins with the hazard's id where it guards against one. */
  readonly title: string;
  /** Rejects with an `AssertionError` when the adapter breaks the promise. */
  readonly run: () => Promise<void>;
}

/** The cases for what an adapter declares that it can do. */
export interface ConformanceSuite extends ReadonlyArray<ConformanceCase> {
  /** Capabilities declared off, whose cases are not in the suite. Print them, so that nothing is left out silently. */
  readonly undeclared: readonly string[];
}

/** Puts cases together. A group is left out, and named as undeclared, where its capability is `false`. */
export function conformanceSuite(
  cases: readonly ConformanceCase[],
  optional: { readonly [capability: string]: readonly ConformanceCase[] | false } = {},
): ConformanceSuite {
  const declared = Object.values(optional).flatMap((group) => group || []);
  const undeclared = Object.keys(optional).filter((capability) => optional[capability] === false);
  return Object.assign([...cases, ...declared], { undeclared });
}
