import { fileURLToPath } from 'node:url';

/** What was ever released of the events, in git: texts and golden corpus. `schema push` brings the texts to a registry. */
export const schemasFolder: string = fileURLToPath(new URL('../schemas', import.meta.url));
