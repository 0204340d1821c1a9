import { DefinitionError } from './errors.ts';
import { pascalCase } from './schema/avro-name.ts';
import { utf8Length } from './text.ts';

const NAME = /^[a-z][a-z0-9-]*(?:\.[a-z][a-z0-9-]*)+$/;
const MAX_BYTES = 200;

/**
 * Refuses a name that could not stay on the wire for ever.
 * @throws {@link DefinitionError} `LF_EVENT_NAME_INVALID`
 */
export function checkEventName(name: string): void {
  const refuse = (why: string): never => {
    throw new DefinitionError('LF_EVENT_NAME_INVALID', `the event name ${JSON.stringify(name)} ${why}`);
  };
  if (typeof name !== 'string' || !NAME.test(name))
    refuse(
      "is not of the form context.entity.happened: two or more segments of a-z, 0-9 and -, such as 'orders.order.placed'",
    );
  if (utf8Length(name) > MAX_BYTES) refuse(`is longer than ${MAX_BYTES} bytes; shorten it`);
  // …PlacedV2 is the Avro record of the second version of `…placed`.
  if (/-v[0-9]+$/.test(name)) refuse('ends in a version; name what happened and call .version(2, …) on its type');
}

/**
 * Refuses names before a rename that say nothing.
 * @throws {@link DefinitionError} `LF_EVENT_NAME_INVALID`, `LF_EVENT_NAME_DUPLICATE`
 */
export function checkAliases(name: string, aliases: readonly string[]): void {
  aliases.forEach((alias, index) => {
    checkEventName(alias);
    const why =
      alias === name
        ? 'its own name; list the names it had before'
        : aliases.indexOf(alias) < index && `the alias '${alias}' twice; list it once`;
    if (why !== false) throw new DefinitionError('LF_EVENT_NAME_DUPLICATE', `${name} has among its aliases ${why}`);
  });
}

/**
 * The Avro record of one version: `orders.order.payment-added` is `orders.order.PaymentAdded`, its second version `PaymentAddedV2`.
 * Different names and versions give different records. Hyphens of the namespace become `_`.
 */
export function avroRecordName(name: string, version: number): { readonly name: string; readonly namespace: string } {
  const end = name.lastIndexOf('.');
  return {
    name: pascalCase(name.slice(end + 1)) + (version === 1 ? '' : `V${version}`),
    namespace: name.slice(0, end).replaceAll('-', '_'),
  };
}
