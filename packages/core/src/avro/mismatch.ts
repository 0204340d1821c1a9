/** What a reader cannot read, by the rule that says so. The names are stable: people list them in exceptions. */
export type AvroRule =
  /** A text is no Avro schema. */
  | 'writer-invalid'
  | 'reader-invalid'
  /** Neither the same type nor one that Avro promotes. */
  | 'type'
  /** A logical type against another one, or against none. */
  | 'logical-type'
  | 'decimal-scale'
  | 'decimal-precision'
  /** Records, enums or fixed types with different unqualified names. */
  | 'name'
  /** A field of the reader that the writer lacks has no default. */
  | 'field-without-default'
  /** A field of the reader is, by its aliases, two fields of the writer. */
  | 'field-ambiguous'
  /** The writer knows a symbol that the reader does not, and the reader has no default symbol. */
  | 'enum-symbol'
  /** The writer may have written a branch that the reader does not have. */
  | 'union-branch'
  | 'fixed-size'
  /** Types stand deeper in each other, by their names, than can be followed. */
  | 'depth';

/** One reason why a reader cannot read what a writer wrote. */
export interface AvroMismatch {
  /** Names of fields from the root, as the reader has them: `lines[].price.cents`, of a map `prices{}.cents`, in a branch `paid(KindCard).last4`; `''` for the root. */
  readonly path: string;
  readonly rule: AvroRule;
  /** What does not fit, naming both sides. */
  readonly message: string;
  /** What to do instead, for who may change the reader's text. */
  readonly remedy: string;
}

/** The same further down. */
export const below =
  (step: string) =>
  (mismatch: AvroMismatch): AvroMismatch => {
    const { path } = mismatch;
    return { ...mismatch, path: path === '' || !/^\w/.test(path) ? step + path : `${step}.${path}` };
  };

const NEW_VERSION = 'or say the change as a new version with an upcaster';

/** Makes the finding of one rule. */
export const mismatch = {
  type: (writer: string, reader: string): AvroMismatch =>
    of('type', `${writer} cannot be read as ${reader}`, `keep the type it was released with, ${NEW_VERSION}`),
  logical: (writer: string, reader: string): AvroMismatch =>
    of(
      'logical-type',
      `${writer} cannot be read as ${reader}: a logical type reads the same logical type only`,
      `keep the type it was released with, ${NEW_VERSION}`,
    ),
  scale: (writer: string, reader: string): AvroMismatch =>
    of(
      'decimal-scale',
      `${writer} cannot be read as ${reader}: the digits after the point differ`,
      `keep the scale, ${NEW_VERSION}`,
    ),
  precision: (writer: string, reader: string): AvroMismatch =>
    of(
      'decimal-precision',
      `${writer} cannot be read as ${reader}, which has fewer digits`,
      `keep or raise the precision, ${NEW_VERSION}`,
    ),
  name: (writer: string, reader: string): AvroMismatch =>
    of('name', `${writer} cannot be read as ${reader}: their names differ`, `keep the name, ${NEW_VERSION}`),
  absent: (field: string, record: string): AvroMismatch => ({
    ...of(
      'field-without-default',
      `the reader's field '${field}' has no default, and the writer's ${record} does not have it`,
      `give it a default (t.withDefault, t.nullable), ${NEW_VERSION}`,
    ),
    path: field,
  }),
  ambiguous: (field: string, names: readonly string[]): AvroMismatch => ({
    ...of(
      'field-ambiguous',
      `the reader's field '${field}' is the writer's ${names.map((name) => `'${name}'`).join(' and ')}`,
      'take all but one of these aliases away',
    ),
    path: field,
  }),
  symbols: (name: string, symbols: readonly string[]): AvroMismatch =>
    of(
      'enum-symbol',
      `the reader's ${name} lacks ${symbols.map((symbol) => `'${symbol}'`).join(', ')}, and has no default symbol`,
      `keep the symbols, ${NEW_VERSION}`,
    ),
  branch: (branch: string): AvroMismatch =>
    of(
      'union-branch',
      `the writer may have written ${branch}, which the reader does not have`,
      `keep the branch, ${NEW_VERSION}`,
    ),
  size: (writer: string, reader: string): AvroMismatch =>
    of('fixed-size', `${writer} cannot be read as ${reader}: their sizes differ`, `keep the size, ${NEW_VERSION}`),
  depth: (writer: string, reader: string): AvroMismatch =>
    of('depth', `${writer} and ${reader} stand too deep in other types`, 'put fewer types into each other'),
};

function of(rule: AvroRule, message: string, remedy: string): AvroMismatch {
  return { path: '', rule, message, remedy };
}
