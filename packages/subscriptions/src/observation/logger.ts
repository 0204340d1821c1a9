/** What a line is about, by name. Never a payload, a key, a secret or a text that the application's own code made of events. */
export type LogFields = { readonly [field: string]: string | number | boolean };

/**
 * Where lines go: a sentence for people, fields for machines. `console` is one; pino and winston need a line each. Must answer at once; one that throws is
 * left alone. What is said here is rate-limited already.
 */
export interface Logger {
  /** What happens often when all is well. */
  debug(message: string, fields: LogFields): void;
  /** What an operator may want to know afterwards: started, claimed, recovered. */
  info(message: string, fields: LogFields): void;
  /** Something is tried again, or waits; nobody has to act yet. */
  warn(message: string, fields: LogFields): void;
  /** Something stands still until a person acts. */
  error(message: string, fields: LogFields): void;
}
