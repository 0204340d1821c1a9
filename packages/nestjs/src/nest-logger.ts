import type { LogFields, Logger as LeftfoldLogger } from '@leftfold/subscriptions';
import { Logger } from '@nestjs/common';

/** The application's own log, whatever that is: the sentence, and the fields behind it as `name=value`, so that one line is enough for people and for `grep`. */
export function nestLogger(context = 'Leftfold'): LeftfoldLogger {
  const log = new Logger(context);
  return {
    debug: (message, fields) => log.debug(lineOf(message, fields)),
    info: (message, fields) => log.log(lineOf(message, fields)),
    warn: (message, fields) => log.warn(lineOf(message, fields)),
    error: (message, fields) => log.error(lineOf(message, fields)),
  };
}

const lineOf = (message: string, fields: LogFields): string =>
  [message, ...Object.entries(fields).map(([name, value]) => `${name}=${valueOf(value)}`)].join(' ');

const valueOf = (value: string | number | boolean): string => {
  const text = String(value);
  return /^[^\s="]+$/.test(text) ? text : JSON.stringify(text);
};
