import type { Day } from './calendar.ts';
import type { Mark } from './schema.ts';

/** The forms of a value, as in `t.Of`, `t.JsonOf`, `t.InputOf`, and its marks. */
export interface Forms<Memory, Json, Input, M extends Mark = never> {
  readonly memory: Memory;
  readonly json: Json;
  readonly input: Input;
  readonly mark: M;
}
type Same<T> = Forms<T, T, T>;
type AnyForms = Forms<unknown, unknown, unknown, Mark>;

/** What Avro says by a word alone. */
interface Primitives {
  readonly null: Same<null>;
  readonly boolean: Same<boolean>;
  readonly int: Same<number>;
  readonly long: Forms<bigint, `${bigint}`, bigint | number | `${bigint}`>;
  readonly double: Same<number>;
  readonly string: Same<string>;
  readonly bytes: Forms<Uint8Array, string, Uint8Array | string>;
  readonly float: Not<'the type float: use double'>;
}
interface Logical {
  readonly uuid: Same<string>;
  readonly date: Same<Day>;
  readonly decimal: Same<`${number}`>;
  readonly 'timestamp-millis': Forms<Date, string, Date | string>;
}

/** What stands for a value that was not inferred; where it is used, the compiler shows why. */
export interface NotInferred<Why> {
  readonly 't.avsc cannot infer this': Why;
}
type Not<Why> = Same<NotInferred<Why>>;

/** The forms of an Avro literal. All of them at once, so that the compiler goes over each literal once; 380 instantiations for a record of five fields. */
export type AvscForms<A> = A extends keyof Primitives
  ? Primitives[A]
  : A extends string
    ? Not<`the name '${A}': write its definition here, or use builders`>
    : A extends readonly unknown[]
      ? AvscForms<A[number]>
      : A extends { readonly logicalType: keyof Logical }
        ? Logical[A['logicalType']]
        : A extends { readonly fields: readonly AvscField[] }
          ? OfRecord<AvscFields<A['fields'][number]>, A extends { readonly tag: infer Tag } ? Tag : unknown>
          : A extends { readonly items: unknown }
            ? OfArray<AvscForms<A['items']>>
            : A extends { readonly symbols: readonly unknown[] }
              ? Same<A['symbols'][number]>
              : A extends { readonly values: unknown }
                ? OfMap<AvscForms<A['values']>>
                : A extends { readonly personal: true }
                  ? Forms<string, string, string, Mark>
                  : A extends { readonly logicalType: infer L extends string }
                    ? Not<`the logical type '${L}'`>
                    : Not<'this is no Avro type'>;
type AvscFields<Field extends AvscField> = { readonly [One in Field as One['name']]: AvscForms<One['type']> };

interface AvscField {
  readonly name: string;
  readonly type: unknown;
}
type Fields = { readonly [name: string]: AnyForms };
type OfRecord<F extends Fields, Tag> = Forms<
  Tag & { readonly [K in keyof F]: F[K]['memory'] },
  Tag & { readonly [K in keyof F]: F[K]['json'] },
  Tag & { readonly [K in keyof F]: F[K]['input'] },
  F[keyof F]['mark']
>;
type OfArray<I extends AnyForms> = Forms<
  readonly I['memory'][],
  readonly I['json'][],
  readonly I['input'][],
  I['mark']
>;
type OfMap<V extends AnyForms> = Forms<
  { readonly [key: string]: V['memory'] },
  { readonly [key: string]: V['json'] },
  { readonly [key: string]: V['input'] },
  V['mark']
>;
