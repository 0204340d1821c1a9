import { InputInvalid } from '@leftfold/core';

const MAX_LENGTH = 200;

/**
 * Refuses a subject that cannot be one, before it becomes a part of a URL or a path.
 * @throws {@link InputInvalid} `LF_SUBJECT_INVALID`
 */
export function checkSubject(subject: string): void {
  const isName = subject.length >= 1 && subject.length <= MAX_LENGTH && !/^\.{1,2}$/.test(subject);
  if (isName && subject.isWellFormed() && !/\p{Cc}/u.test(subject)) return;
  const shown = JSON.stringify(subject.slice(0, 50));
  throw new InputInvalid(
    'LF_SUBJECT_INVALID',
    `${shown} is no subject; give the full name of an Avro record, at most ${MAX_LENGTH} characters`,
  );
}
