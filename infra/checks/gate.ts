/** One rule of the repository that a machine holds. */
export interface Gate {
  /** One word, for the list that `npm run check` prints. */
  readonly name: string;
  /** Looks at the workspace in `root`; changes no file under version control. */
  check(root: string): Promise<GateResult>;
}

/** What a gate saw. */
export interface GateResult {
  /** How many things it looked at. A gate that looked at none has failed: it guards nothing. */
  readonly checked: number;
  /** One line each, beginning with the file; empty when the rule holds. */
  readonly findings: readonly string[];
}
