import { isJsonObject } from '../json-value.ts';
import type { AvroType } from './avro-type.ts';

/** Tells which branch a value in stored JSON form is of; -1 for none. */
export type BranchOfJson = (json: unknown) => number;

/**
 * The branch of a value. Ours say it: `null` is null, and a variant has its tag. In unions that others made it is the first branch whose form the value has; two
 * that cannot be told apart in JSON, such as `string` and `bytes`, are one there.
 */
export function branchOfJson(branches: readonly AvroType[]): BranchOfJson {
  const ofNull = branches.findIndex(({ kind }) => kind === 'null');
  const byTag = new Map<string, Map<unknown, number>>();
  branches.forEach((branch, index) => {
    if (branch.kind !== 'record' || branch.tag === undefined) return;
    const { field, variant } = branch.tag;
    byTag.set(field, (byTag.get(field) ?? new Map<unknown, number>()).set(variant, index));
  });
  const others = branches.flatMap((branch, index) =>
    branch.kind === 'null' || (branch.kind === 'record' && branch.tag) ? [] : [{ index, branch }],
  );
  return (json) => {
    if (json === null) return ofNull;
    if (isJsonObject(json)) {
      for (const [field, variants] of byTag) {
        const index = Object.hasOwn(json, field) ? variants.get(json[field]) : undefined;
        if (index !== undefined) return index;
      }
    }
    // One branch: what does not fit it is for the reader's walk to name.
    if (others.length === 1) return others[0]?.index ?? -1;
    return others.find(({ branch }) => hasForm(branch, json))?.index ?? -1;
  };
}

function hasForm(type: AvroType, json: unknown): boolean {
  switch (type.kind) {
    case 'null':
      return json === null;
    case 'boolean':
      return typeof json === 'boolean';
    case 'int':
      return type.logical === undefined ? Number.isInteger(json) : typeof json === 'string';
    case 'float':
    case 'double':
      return typeof json === 'number';
    case 'long':
      return typeof json === 'string' && (type.logical !== undefined || /^-?[0-9]+$/.test(json));
    case 'enum':
      return typeof json === 'string' && type.symbols.includes(json);
    case 'string':
    case 'bytes':
    case 'fixed':
      return typeof json === 'string';
    case 'array':
      return Array.isArray(json);
    case 'map':
      return isJsonObject(json);
    case 'record':
      return isJsonObject(json) && type.fields.every(({ name }) => Object.hasOwn(json, name));
    case 'union':
      return type.branches.some((branch) => hasForm(branch, json));
  }
}
