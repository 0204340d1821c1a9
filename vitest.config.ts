import { defineConfig } from 'vitest/config';

/** Tests run on the sources, without a build: the condition picks each package's `src`. */
export default defineConfig({
  resolve: { conditions: ['leftfold:source', 'node', 'import', 'default'] },
  ssr: { resolve: { conditions: ['leftfold:source', 'node', 'import', 'default'] } },
  test: {
    include: [
      'packages/*/src/**/*.test.ts',
      'packages/*/test/**/*.test.ts',
      'apps/*/src/**/*.test.ts',
      'infra/src/**/*.test.ts',
      'test/**/*.test.ts',
    ],
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
