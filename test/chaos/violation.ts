/** An invariant that did not hold, and where. */
export interface Violation {
  readonly invariant: string;
  readonly what: string;
}

/** Collects them. */
export class Violations {
  readonly found: Violation[] = [];

  add(invariant: string, what: string): void {
    this.found.push({ invariant, what });
  }
}
