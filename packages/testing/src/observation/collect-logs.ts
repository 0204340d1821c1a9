import type { LogFields, Logger } from '@leftfold/subscriptions';

/** One line that was said. */
export interface CollectedLine {
  readonly level: keyof Logger;
  readonly message: string;
  readonly fields: LogFields;
}
/** A {@link Logger} that can be asked. */
export interface CollectedLogs extends Logger {
  /** Everything, in the order it came. */
  readonly lines: readonly CollectedLine[];
  /** The lines with these fields; those left out may be anything. */
  where(fields: LogFields): readonly CollectedLine[];
}

/** A logger that keeps what it is told, for tests: `relay({ …, logger: collectLogs() })`. */
export function collectLogs(): CollectedLogs {
  const lines: CollectedLine[] = [];
  const keep =
    (level: keyof Logger) =>
    (message: string, fields: LogFields): void =>
      void lines.push({ level, message, fields: { ...fields } });
  return {
    lines,
    where: (wanted) => lines.filter(({ fields }) => Object.keys(wanted).every((name) => fields[name] === wanted[name])),
    debug: keep('debug'),
    info: keep('info'),
    warn: keep('warn'),
    error: keep('error'),
  };
}
