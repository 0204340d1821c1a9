import type { PayloadField } from './payload-fields.ts';

/** What differs between two versions of a payload. */
export interface VersionChanges {
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly changed: readonly { readonly path: string; readonly was: string; readonly is: string }[];
}

/**
 * Compares two versions field by field, each list in wire order. Of a field that is new, gone or of another type the parts are not told as well. A renamed field is one
 * that is gone and one that is new: the schemas do not say more.
 */
export function versionChanges(before: readonly PayloadField[], after: readonly PayloadField[]): VersionChanges {
  const old = new Map(before.map((field) => [field.path, field]));
  const now = new Set(after.map(({ path }) => path));
  const told: string[] = [];
  const isPartOfTold = (path: string): boolean =>
    told.some((whole) => path.startsWith(whole) && /^[.[({]/.test(path.slice(whole.length)));
  const tell = <T>(path: string, change: T): T => {
    told.push(path);
    return change;
  };
  const added: string[] = [];
  const changed: { path: string; was: string; is: string }[] = [];
  for (const field of after) {
    const { path } = field;
    const was = old.get(path);
    if (isPartOfTold(path)) continue;
    if (was === undefined) added.push(tell(path, path));
    else if (was.type !== field.type) changed.push(tell(path, { path, was: was.type, is: field.type }));
    else if (said(was) !== said(field)) changed.push({ path, was: said(was), is: said(field) });
  }
  const removed: string[] = [];
  for (const { path } of before) if (!now.has(path) && !isPartOfTold(path)) removed.push(tell(path, path));
  return { added, removed, changed };
}

/** What is said of a field beside its type, in words. */
function said({ allowed, absent, erasedAs }: PayloadField): string {
  const words = [
    ...(allowed === undefined ? [] : [allowed]),
    ...(absent === undefined ? [] : [`default ${JSON.stringify(absent)}`]),
    ...(erasedAs === undefined ? [] : [`personal, erased as ${JSON.stringify(erasedAs)}`]),
  ];
  return words.length === 0 ? 'anything of its type' : words.join(', ');
}
