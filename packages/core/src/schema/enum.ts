import { checkAvroName, checkTypeName, invalid, named } from './avro-name.ts';
import { schemaOf } from './kind.ts';
import { leaf } from './leaf.ts';
import type { Schema } from './schema.ts';

/**
 * Avro `enum`: `t.enum('Currency', ['EUR', 'USD'])`. The first symbol is the reader's default for unknown symbols.
 * Symbols are Avro names: letters, digits and `_`.
 * @throws {@link DefinitionError} `LF_SCHEMA_INVALID` when the name or a symbol is no Avro name, there is no symbol, or one stands there twice
 */
export function enumOf<const Symbols extends readonly [string, ...string[]]>(
  name: string,
  symbols: Symbols,
): Schema<Symbols[number], never, Symbols[number], Symbols[number]> {
  checkTypeName(name, 'an enum');
  for (const symbol of symbols) checkAvroName(symbol, `a symbol of enum ${name}`);
  const known = new Set<unknown>(symbols);
  if (known.size === 0) throw invalid(`enum ${name} has no symbols`);
  if (known.size < symbols.length) throw invalid(`enum ${name} has a symbol twice`);
  const [first] = symbols;
  const avro = { type: 'enum', name, symbols: [...symbols], default: first };
  const kind = leaf<string>({
    avro,
    jsonSchema: { type: 'string', title: name, enum: [...symbols] },
    expected: `one of ${symbols.map((symbol) => `'${symbol}'`).join(', ')}`,
    accept: (value) => (known.has(value) ? (value as string) : undefined),
    read: (json) => (known.has(json) ? (json as string) : typeof json === 'string' ? first : undefined),
  });
  return schemaOf({ ...kind, avro: (names) => named(name, () => avro, names) });
}
