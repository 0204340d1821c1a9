import type { Mutant } from './mutant.ts';

const AVRO = 'packages/avro/src';
const TESTS = 'packages/avro/test';

/** Breaks of schema registries and of how they are asked. */
export const registryMutants: readonly Mutant[] = [
  {
    id: 'A2-register-sets-the-rule',
    title: 'registering sets the compatibility of its subject',
    file: `${AVRO}/registry/confluent-registry.ts`,
    find: "const normalised = await this.#post(subject, avro, '?normalize=true');",
    replace: `await this.#ask({
      method: 'PUT' as 'POST',
      path: \`/config/\${encodeURIComponent(subject)}\`,
      body: { compatibility: 'BACKWARD' },
    });
    const normalised = await this.#post(subject, avro, '?normalize=true');`,
    test: `${TESTS}/registry-compatibility.int.test.ts`,
    testName: 'A2 registering',
  },
  {
    id: 'A4-docs-do-not-count',
    title: 'texts that differ in the alias of a field are the same text',
    file: `${AVRO}/registry/same-text.ts`,
    find: 'return sorted(field, (part, attribute)',
    replace: 'const { aliases: _, ...rest } = field;\n  return sorted(rest, (part, attribute)',
    test: `${TESTS}/registry-file-conformance.test.ts`,
    testName: 'A4 the alias of a field',
  },
  {
    id: 'A7-any-404-is-unknown',
    title: 'a 404 of a proxy is taken for an unknown id',
    file: `${AVRO}/registry/registry-connection.ts`,
    find: 'if (fault !== undefined && status < 500 &&',
    replace:
      "if (status === 404) return { kind: 'fault', errorCode: 40403, message: '' };\n    if (fault !== undefined && status < 500 &&",
    test: `${TESTS}/registry-faults.int.test.ts`,
    testName: 'is a typed fault of every call, never an unknown id',
  },
  {
    id: 'A7-status-500-is-for-good',
    title: 'a registry in trouble is one that refuses',
    file: `${AVRO}/registry/registry-connection.ts`,
    find: 'status < 400 || status >= 500 ||',
    replace: 'status < 400 ||',
    test: `${TESTS}/registry-faults.int.test.ts`,
    testName: 'is a typed fault of every call',
  },
  {
    id: 'A7-no-time-out',
    title: 'a registry that never answers is waited for',
    file: `${AVRO}/registry/registry-connection.ts`,
    find: 'const signal = AbortSignal.timeout(this.#address.timeoutMs);',
    replace: 'const signal = new AbortController().signal;',
    test: `${TESTS}/registry-faults.int.test.ts`,
    testName: 'is a typed fault of every call',
  },
  {
    id: 'A7-each-asks',
    title: 'whoever misses a schema asks for it',
    file: `${AVRO}/registry/shared-questions.ts`,
    find: 'this.#open.set(key, open);',
    replace: '',
    test: `${TESTS}/registry-faults.int.test.ts`,
    testName: 'A7 fifty that miss the same at once make one request',
  },
  {
    id: 'A7-failure-kept',
    title: 'a failed question is answered with its failure for ever',
    file: `${AVRO}/registry/shared-questions.ts`,
    find: 'open = ask().finally(() => this.#open.delete(key));',
    replace: 'open = ask();',
    test: `${TESTS}/registry-faults.int.test.ts`,
    testName: 'A7 fifty that miss a registry which is down',
  },
  {
    id: 'folder-overwrites',
    title: 'of two processes that release at once one overwrites the other',
    file: `${AVRO}/registry/schema-folder.ts`,
    find: 'return await link(draft, target).then(() => true, isTaken);',
    replace: 'return await rename(draft, target).then(() => true, isTaken);',
    test: `${TESTS}/registry-file.test.ts`,
    testName: 'processes that register at once overwrite nothing',
  },
];
