import { RegistryRefused } from './errors.ts';
import type { SchemaFolder } from './schema-folder.ts';
import { COMPATIBILITIES, type Compatibility } from './schema-registry.ts';

const FILE = 'compatibility.json';
/** Old readers read new events and the other way round, for all that was ever released: what a log that lives for ever needs. */
const STANDARD: Compatibility = 'FULL_TRANSITIVE';

/**
 * The rule of a subject: `{ "default": "FULL_TRANSITIVE", "subjects": { "orders.order.Placed": "BACKWARD" } }` in `compatibility.json`, both optional.
 * @throws {@link RegistryRefused} `LF_REGISTRY_REFUSED` when the file says something else: a rule that is misspelled must not be none
 */
export async function folderCompatibility(folder: SchemaFolder, subject: string): Promise<Compatibility> {
  const bytes = await folder.read(FILE);
  if (bytes === undefined) return STANDARD;
  const broken = (why: string): RegistryRefused =>
    new RegistryRefused(
      folder.path,
      `is broken: ${FILE} ${why}`,
      `it should read {"default": "${STANDARD}", "subjects": {"a.subject": "BACKWARD"}}, each one of ${COMPATIBILITIES.join(', ')}`,
    );
  const mode = (value: unknown, of: string): Compatibility => {
    const found = COMPATIBILITIES.find((each) => each === value);
    if (found === undefined) throw broken(`has no compatibility for ${of}`);
    return found;
  };
  const { default: everyones, subjects, ...unknown } = objectOf(bytes.toString('utf8')) ?? { '': 'no object' };
  const [strange] = Object.keys(unknown);
  if (strange !== undefined) throw broken(strange === '' ? 'is no JSON object' : `has the unknown member '${strange}'`);
  if (subjects !== undefined && (typeof subjects !== 'object' || subjects === null || Array.isArray(subjects)))
    throw broken('has no object of subjects');
  const own = new Map(Object.entries(subjects ?? {}).map(([name, value]) => [name, mode(value, name)]));
  const rest = everyones === undefined ? STANDARD : mode(everyones, 'default');
  return own.get(subject) ?? rest;
}

function objectOf(text: string): { readonly [name: string]: unknown } | undefined {
  try {
    const json: unknown = JSON.parse(text);
    return typeof json === 'object' && json !== null && !Array.isArray(json) ? { ...json } : undefined;
  } catch {
    return undefined;
  }
}
