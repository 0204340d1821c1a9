/** A piece of TypeScript, as far as builders need it; how it is broken into lines is decided when it is printed. */
export type Code =
  | string
  | { readonly call: string; readonly with: readonly Code[] }
  | { readonly list: readonly Code[] }
  | { readonly object: readonly Member[] };
/** One member of an object, with comments above it. Without a value: comments alone, where something could not be said. */
export interface Member {
  readonly key: string;
  readonly value?: Code;
  readonly comments: readonly string[];
}

const WIDTH = 120;

/** The text of a piece that begins at `column` of a line indented by `indent`, and is followed by `after` characters there. */
export function printCode(code: Code, indent = 0, column = 0, after = 1): string {
  const short = onOneLine(code);
  if (short !== undefined && column + short.length + after <= WIDTH) return short;
  if (typeof code === 'string') return code;
  if ('object' in code)
    return broken(
      '{',
      code.object.map((member) => memberLines(member, indent + 2)),
      '}',
      indent,
    );
  if ('list' in code) return broken('[', lines(code.list, indent + 2), ']', indent);
  return printCall(code.call, code.with, indent, column);
}

/** As formatters do: an object or list that comes last stays on the line of the bracket, where what comes before it fits there. */
function printCall(name: string, args: readonly Code[], indent: number, column: number): string {
  const last = args.at(-1) ?? '';
  const before = args.slice(0, -1).map(onOneLine);
  const hugs = typeof last !== 'string' && before.every((each) => each !== undefined && !each.startsWith('{'));
  const head = `${name}(${before.map((each) => `${each}, `).join('')}`;
  if (hugs && column + head.length < WIDTH) return `${head}${printCode(last, indent, column + head.length, 2)})`;
  return broken(`${name}(`, lines(args, indent + 2), ')', indent);
}

const lines = (codes: readonly Code[], indent: number): readonly string[] =>
  codes.map((code) => `${' '.repeat(indent)}${printCode(code, indent, indent)},\n`);
function memberLines({ key, value, comments }: Member, indent: number): string {
  const margin = ' '.repeat(indent);
  const above = comments.map((comment) => `${margin}// ${comment}\n`).join('');
  if (value === undefined) return above;
  const name = `${margin}${keyText(key)}: `;
  return `${above}${name}${printCode(value, indent, name.length)},\n`;
}
const broken = (open: string, inner: readonly string[], close: string, indent: number): string =>
  `${open}\n${inner.join('')}${' '.repeat(indent)}${close}`;

function onOneLine(code: Code): string | undefined {
  if (typeof code === 'string') return code;
  if ('call' in code) return joined(`${code.call}(`, code.with.map(onOneLine), ')');
  if ('list' in code) return joined('[', code.list.map(onOneLine), ']');
  if (code.object.length === 0) return '{}';
  return joined(
    '{ ',
    code.object.map(({ key, value, comments }) => {
      const text = value === undefined || comments.length > 0 ? undefined : onOneLine(value);
      return text === undefined ? undefined : `${keyText(key)}: ${text}`;
    }),
    ' }',
  );
}
const joined = (open: string, parts: readonly (string | undefined)[], close: string): string | undefined =>
  parts.every((part) => part !== undefined) ? `${open}${parts.join(', ')}${close}` : undefined;

const keyText = (key: string): string => (/^[A-Za-z_$][\w$]*$/.test(key) ? key : quoted(key));

/** A string literal, in the quotes that need fewer escapes. Whatever is in it, it stays one. */
export function quoted(text: string): string {
  const doubled = JSON.stringify(text).replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029');
  if (text.split("'").length > text.split('"').length) return doubled;
  return `'${doubled.slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'")}'`;
}

/** The lines of a comment. Whatever is in it, it stays one. */
export const commentLines = (text: string): readonly string[] =>
  text
    .split(/[\n\r\u2028\u2029]+/)
    .map((line) => line.trim())
    .filter((line) => line !== '');

/** The literal of a value in memory form. */
export function literal(value: unknown): Code {
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'string') return quoted(value);
  if (value instanceof Date) return `new Date(${quoted(value.toISOString())})`;
  if (value instanceof Uint8Array)
    return value.length === 0 ? 'new Uint8Array()' : `new Uint8Array([${[...value].join(', ')}])`;
  if (Array.isArray(value)) return { list: value.map(literal) };
  if (typeof value !== 'object' || value === null) return String(value);
  return { object: Object.entries(value).map(([key, part]) => ({ key, value: literal(part), comments: [] })) };
}
