import { InputInvalid } from '@leftfold/core';

/** What a login may be allowed to do, each a group role of its own; `leftfold_writer` with the schema `leftfold`. */
export const ROLES = ['writer', 'relay', 'projector', 'rebuild', 'eraser', 'operator', 'reader'] as const;

/** One of {@link ROLES}. */
export type Role = (typeof ROLES)[number];

/** Postgres cuts longer names off, silently: two roles would become one. */
const MAX_BYTES = 63;

/** The name of a group role in the cluster. @param schema unquoted name of the log's schema. */
export function roleName(schema: string, role: Role): string {
  return `${schema}_${role}`;
}

/** True when the names of the schema's roles are ones that Postgres keeps whole. */
export function hasRoleNames(schema: string): boolean {
  return ROLES.every((role) => roleName(schema, role).length <= MAX_BYTES);
}

/** @throws {@link InputInvalid} `LF_SCHEMA_NAME_INVALID` when the schema's name is too long for roles to be named after it */
export function checkRoleNames(schema: string): void {
  if (hasRoleNames(schema)) return;
  throw new InputInvalid(
    'LF_SCHEMA_NAME_INVALID',
    `the roles of the schema ${schema} would have names of more than ${MAX_BYTES} letters; give it a name of at most ` +
      `${MAX_BYTES - '_projector'.length}, or do without roles: { roles: 'none' }`,
  );
}
