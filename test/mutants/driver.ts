import type { Mutant } from './mutant.ts';

const SOURCES = 'packages/postgres/src';
const TESTS = 'packages/postgres/test';
const DRIVER = `${TESTS}/driver.int.test.ts`;

/** Breaks of what the driver is told, and of connections that are lost. */
export const driverMutants: readonly Mutant[] = [
  {
    id: 'L20-binary',
    title: 'columns are fetched in binary form',
    file: `${SOURCES}/lent-client.ts`,
    find: 'types: columnTypes,',
    replace: 'types: columnTypes, ...{ binary: true },',
    test: DRIVER,
    testName: 'L20 every int8 comes through the driver as it was',
  },
  {
    id: 'P1-nobody-listens',
    title: 'a client that is lent has no error listener',
    file: `${SOURCES}/lent-client.ts`,
    find: "client.on('error', this.#onError);",
    replace: '',
    test: DRIVER,
    testName: 'P1 an error of a connection that is lent is heard by somebody',
  },
  {
    id: 'P1-broken-client-pooled',
    title: 'a broken client goes back to the pool',
    file: `${SOURCES}/lent-client.ts`,
    find: 'this.#client.release(this.#unusable !== undefined);',
    replace: 'this.#client.release();',
    test: DRIVER,
    testName: 'P1 an error of a connection that is lent is heard by somebody',
  },
  {
    id: 'P1-client-pooled-after-failed-commit',
    title: 'a client goes back to the pool after a COMMIT that failed',
    file: `${SOURCES}/lent-client.ts`,
    find: `      this.#unusable ??= error as Error;
      throw error;`,
    replace: '      throw error;',
    test: DRIVER,
    testName: 'P1 a client whose COMMIT was refused is closed',
  },
  {
    id: 'P1-swallowed-failure-committed',
    title: 'a transaction in which a statement failed ends as if it were committed',
    file: `${SOURCES}/database.ts`,
    find: 'if (failed !== undefined) throw failed.error;',
    replace: '',
    test: DRIVER,
    testName: 'P1 work that swallows a failed statement',
  },
  {
    id: 'P2-outcome-guessed',
    title: 'a connection lost in the midst of an append or a COMMIT is called harmless',
    file: `${SOURCES}/lent-client.ts`,
    find: 'throw driverFault(error, inDoubt);',
    replace: 'throw driverFault(error);',
    test: DRIVER,
    testName: 'P2',
  },
];
