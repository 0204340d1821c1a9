import { defineConfig } from 'vitest/config';
import { sessionFiles } from './infra/setup/left-out-tests.ts';

/** Tests run on the sources, without a build: the condition picks each package's `src`. */
// No 'import' among them: workers get them as --conditions, and a CommonJS package would then require another's ES module.
const conditions = ['leftfold:source', 'node'];

/** Set by `npm run test:other-servers`, which alone has the project for it. */
const otherServer = process.env['LEFTFOLD_OTHER_SERVER'];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    // What is transformed depends on the tsconfig files (decorators), and the cache on disk does not see them change.
    fsModuleCache: false,
    allowOnly: false,
    // An upper bound for a slow machine, nothing that a passing test waits for. Vitest's own is one second.
    expect: { poll: { timeout: 20_000 } },
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: [
            'packages/*/{src,test}/**/*.test.ts',
            'apps/*/src/**/*.test.ts',
            'infra/**/*.test.ts',
            'test/{bench,docs,mutants}/**/*.test.ts',
          ],
          exclude: ['**/node_modules/**', '**/*.{int,other}.test.ts'],
          testTimeout: 30_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: 'integration',
          include: ['packages/*/test/**/*.int.test.ts', 'infra/**/*.int.test.ts', 'test/**/*.test.ts'],
          exclude: ['**/node_modules/**', 'test/{docs,mutants}/**', 'test/bench/**/!(*.int).test.ts'],
          globalSetup: ['infra/setup/test-servers.ts'],
          testTimeout: 60_000,
          hookTimeout: 120_000,
          // The servers want the other half of a small machine.
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
      ...(otherServer === undefined
        ? []
        : [
            {
              extends: true as const,
              test: {
                name: 'other-servers',
                include: ['packages/postgres/test/**/*.{int,other}.test.ts'],
                exclude: otherServer === 'pgbouncer' ? sessionFiles.map((file) => `**/${file}`) : [],
                globalSetup: ['infra/setup/test-servers.ts'],
                testTimeout: 60_000,
                hookTimeout: 120_000,
                maxWorkers: 2,
              },
            },
          ]),
    ],
  },
});
