/** An object as `{}` or `JSON.parse` makes it. */
export type PlainObject = { readonly [key: PropertyKey]: unknown };

/**
 * True for `{…}` and objects without a prototype, of any realm. An instance of a class would come back from the log without its
 * methods, and a `Map` would be stored as `{}`; so neither is a record or a map.
 */
export function isPlainObject(value: unknown): value is PlainObject {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype || isRootPrototype(prototype);
}

/** `Object.prototype` of another realm, such as a test runner's sandbox. */
const isRootPrototype = (prototype: unknown): boolean =>
  Object.getPrototypeOf(prototype) === null && Object.hasOwn(prototype as object, 'hasOwnProperty');

/** Keys that reach the prototype of whoever copies the object carelessly later on. */
export const POLLUTING_KEYS: readonly string[] = ['__proto__', 'constructor', 'prototype'];
export const isPollutingKey = (key: PropertyKey): boolean =>
  key === '__proto__' || key === 'constructor' || key === 'prototype';
