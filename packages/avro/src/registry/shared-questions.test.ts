import { expect, test } from 'vitest';
import { SharedQuestions } from './shared-questions.ts';

/** Questions that are answered when told to. */
function asked(): { readonly answers: PromiseWithResolvers<string>[]; readonly ask: () => Promise<string> } {
  const answers: PromiseWithResolvers<string>[] = [];
  return {
    answers,
    ask: () => {
      const answer = Promise.withResolvers<string>();
      answers.push(answer);
      return answer.promise;
    },
  };
}

test('A7 who asks the same while it is open shares the question; who asks later, or something else, does not', async () => {
  const questions = new SharedQuestions();
  const { answers, ask } = asked();
  const first = [questions.ask('a', ask), questions.ask('a', ask), questions.ask('b', ask)];
  expect(answers).toHaveLength(2);
  answers.forEach(({ resolve }, i) => resolve(`${i}`));
  expect(await Promise.all(first)).toEqual(['0', '0', '1']);
  const later = questions.ask('a', ask);
  answers[2]?.resolve('2');
  expect(await later).toBe('2');
});

test('a failure is that of all who share it, and is not kept', async () => {
  const questions = new SharedQuestions();
  const { answers, ask } = asked();
  const both = Promise.allSettled([questions.ask('a', ask), questions.ask('a', ask)]);
  answers[0]?.reject(new Error('away'));
  expect((await both).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  const later = questions.ask('a', ask);
  answers[1]?.resolve('back');
  expect(await later).toBe('back');
});

test('who gives up hears his own reason at once, and the others their answer, also when it comes as a failure nobody waits for', async () => {
  const questions = new SharedQuestions();
  const { answers, ask } = asked();
  const impatient = new AbortController();
  const left = questions.ask('a', ask, impatient.signal);
  const stayed = questions.ask('a', ask);
  impatient.abort(new Error('enough'));
  await expect(left).rejects.toThrow('enough');
  answers[0]?.resolve('answer');
  expect(await stayed).toBe('answer');

  const alone = new AbortController();
  const nobody = questions.ask('b', ask, alone.signal);
  alone.abort(new Error('enough'));
  await expect(nobody).rejects.toThrow('enough');
  // Unheard, it would end this run.
  answers[1]?.reject(new Error('away'));
  await expect(questions.ask('c', ask, AbortSignal.abort(new Error('before')))).rejects.toThrow('before');
  expect(answers).toHaveLength(2);
});
