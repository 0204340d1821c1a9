import { expect, test } from 'vitest';
import { readArguments, USAGE } from './program-arguments.ts';

test('each command is read with its options', () => {
  expect(readArguments(['check'])).toEqual({ command: 'check', released: false });
  expect(readArguments(['check', '--released', '--registry', 'http://x'])).toEqual({
    command: 'check',
    registry: 'http://x',
    released: true,
  });
  expect(readArguments(['push', '--registry=http://x'])).toEqual({ command: 'push', registry: 'http://x' });
  expect(readArguments(['import', 'order.avsc'])).toEqual({ command: 'import', file: 'order.avsc' });
  expect(readArguments(['golden'])).toEqual({ command: 'golden' });
  expect(readArguments(['contracts'])).toEqual({ command: 'contracts' });
  expect(readArguments(['push', '--help'])).toEqual({ command: 'help' });
});

test.each([
  [[], 'say what to do'],
  [['chekc'], "no command 'chekc'"],
  [['toString'], "no command 'toString'"],
  [['check', '--relaesed'], '--relaesed'],
  [['push', '--released'], 'push takes no --released'],
  [['golden', '--registry', 'x'], 'golden takes no --registry'],
  [['check', 'http://registry'], 'given with --registry'],
  [['check', '--registry', ''], '--registry is empty'],
  [['check', '--registry'], '--registry'],
  [['import'], 'one file'],
  [['import', 'a.avsc', 'b.avsc'], 'one file'],
])('%j is refused', (argv, message) => {
  expect(() => readArguments(argv)).toThrow(message);
});

test('the usage names every command and option', () => {
  for (const word of ['check', 'push', 'golden', 'import', 'contracts', '--registry', '--released'])
    expect(USAGE).toContain(word);
});
