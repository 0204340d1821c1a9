import { createHash } from 'node:crypto';

/** A text of SQL, with what is known of it. Its parameters are listed where it is made. */
export interface Statement {
  readonly text: string;
  /** Prepared under this name. Contains a hash of the text: two texts never share a name, whatever pool or copy of this package they meet in. */
  readonly name?: string;
  /** It commits something by itself that must not be done twice: when the connection is lost meanwhile, the outcome is unknown. For people. */
  readonly inDoubt?: string;
  /** It may take minutes, as building an index does, or waiting for somebody who does. */
  readonly takesLong?: true;
}

/** A statement that is prepared once per connection. @param label at most 30 letters, for `pg_prepared_statements`. */
export function prepared(label: string, text: string, options: { readonly inDoubt?: string } = {}): Statement {
  const hash = createHash('sha256').update(text).digest('hex').slice(0, 16);
  return { ...options, text, name: `leftfold_${label}_${hash}` };
}

/** A statement that is planned each time. */
export function unprepared(text: string): Statement {
  return { text };
}

/** A change of tables, or the lock that is waited for before one. */
export function unhurried(text: string): Statement {
  return { text, takesLong: true };
}
