import { DefinitionError } from './errors.ts';
import type { AnyEventType } from './event.ts';

/**
 * Event types by the names their events may have in the log: the type's own, and those it had before it was renamed.
 * @throws {@link DefinitionError} `LF_EVENT_NAME_DUPLICATE` when two types have a name in common
 */
export function eventTypesByName(types: Iterable<AnyEventType>): ReadonlyMap<string, AnyEventType> {
  const byName = new Map<string, AnyEventType>();
  for (const type of types) {
    for (const name of [type.type, ...type.aliases]) {
      const other = byName.get(name);
      if (other !== undefined && other !== type) {
        throw new DefinitionError(
          'LF_EVENT_NAME_DUPLICATE',
          `'${name}' is a name of ${other.type} and of ${type.type}; a name in the log must say which type it is`,
        );
      }
      byName.set(name, type);
    }
  }
  return byName;
}
