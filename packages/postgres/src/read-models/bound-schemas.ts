import { randomUUID } from 'node:crypto';
import { boundVersion, ReadModelUnbound } from '@leftfold/subscriptions';
import type { FollowerId, ModelTables, RowTable } from '@leftfold/subscriptions';
import type { Session } from '../database.ts';
import { quoted } from '../schema-name.ts';
import { isFedHere } from '../versions/fed-here.ts';
import { LOOK_AGAIN_MS } from '../versions/looked-at.ts';
import { readVersions } from '../versions/read-versions.ts';
import { versionStatements } from '../versions/version-statements.ts';
import type { ColumnOrigins } from './column-origins.ts';
import { modelSchema, type ModelTable } from './model-table.ts';
import { ownTablesIn } from './own-tables-in.ts';

/** Which schemas the tables of a query are in, as of one look. */
export interface Binding {
  /** The statement with the schemas in it. @throws {@link ReadModelUnbound} when it reads a projection of which there is no live version for this code */
  fill(text: string): string;
}

/** What a reader is bound to, and how. */
export interface BoundSchemasOptions {
  readonly logSchema: string;
  /** Tables of rows, by their plain name. */
  readonly models: readonly ModelTable[];
  /** Projections that make their tables themselves. */
  readonly own: readonly ModelTables[];
  readonly fedHere: readonly FollowerId[];
  /** Is told of each schema that is bound. */
  readonly origins: ColumnOrigins;
}

/**
 * Which version of each read model queries read. A statement is compiled before that can be asked, so it is compiled with a placeholder for each schema, and the schemas are put
 * in when it is sent. A placeholder is a quoted name with 128 random bits, so nothing else in a statement is taken for one; values are never in its text.
 *
 * Looked at by the query that finds the last look some seconds old, on its own connection: a pool of one connection, lent to a transaction, is enough.
 */
export class BoundSchemas {
  readonly #options: BoundSchemasOptions;
  readonly #nonce = randomUUID().replaceAll('-', '');
  readonly #list: ReturnType<typeof versionStatements>['list'];
  #known: { readonly binding: Binding; readonly at: number } | undefined;
  #isLooking = false;

  constructor(options: BoundSchemasOptions) {
    this.#options = options;
    this.#list = versionStatements(options.logSchema).list;
  }

  /** By the plain names of row tables: what to compile in place of their schemas. */
  get placeholders(): ReadonlyMap<string, string> {
    return new Map(this.#options.models.map(({ name }) => [name, `${name} of ${this.#nonce}`]));
  }
  /** What to compile in place of the schema of all other tables, which may be a projection's own. Absent where there is none such. */
  get placeholderOfOthers(): string | undefined {
    return this.#options.own.length > 0 ? `any of ${this.#nonce}` : undefined;
  }
  /** Whether there is anything to put into a statement. */
  concerns(text: string): boolean {
    return text.includes(this.#nonce);
  }

  /** As it was a few seconds ago, or is. @param session of the query */
  async now(session: Pick<Session, 'query'>): Promise<Binding> {
    const known = this.#known;
    const isOld = known === undefined || performance.now() - known.at >= LOOK_AGAIN_MS;
    // One looks, the others go on with what they have.
    return isOld && !(known && this.#isLooking) ? this.again(session) : (known as typeof known & object).binding;
  }

  /** As it is. */
  async again(session: Pick<Session, 'query'>): Promise<Binding> {
    this.#isLooking = true;
    try {
      const binding = await this.#look(session);
      this.#known = { binding, at: performance.now() };
      return binding;
    } finally {
      this.#isLooking = false;
    }
  }

  /** Who comes next looks. */
  forget(): void {
    this.#known = undefined;
  }

  async #look(session: Pick<Session, 'query'>): Promise<Binding> {
    const { logSchema, models, own, fedHere, origins } = this.#options;
    const projections = [...models.map(({ definition }) => definition), ...own];
    const read = await readVersions(session, this.#list, [...new Set(projections.map(({ projection }) => projection))]);
    const versions = isFedHere(read, fedHere);
    const schemaOf = (tables: ModelTables): string | undefined => {
      const bound = boundVersion(
        tables,
        versions.filter(({ projection }) => projection === tables.projection),
      );
      return bound && modelSchema(logSchema, tables.projection, bound.version);
    };
    const schemas = new Map<string, string | RowTable>();
    for (const model of models) {
      const schema = schemaOf(model.definition);
      schemas.set(model.name, schema ?? model.definition);
      if (schema !== undefined) origins.add(schema, model);
    }
    const schemaOfOwn = ({ projection, version }: ModelTables): string => modelSchema(logSchema, projection, version);
    const others = await ownTablesIn(
      session,
      own.map((tables) => ({ tables, schema: schemaOfOwn(tables), isBound: schemaOf(tables) !== undefined })),
      origins,
    );
    const rows = new RegExp(`"([a-z0-9_]+) of ${this.#nonce}"`, 'g');
    const rest = new RegExp(`"any of ${this.#nonce}"\\.("(?:[^"]|"")*")`, 'g');
    const schemaFor = (name: string): string => {
      const schema = schemas.get(name);
      if (typeof schema !== 'string') throw new ReadModelUnbound(schema as RowTable);
      return quoted(schema);
    };
    return {
      fill: (text) =>
        text
          .replaceAll(rest, (_, table: string) => `${others(table)}${table}`)
          .replaceAll(rows, (_, name: string) => schemaFor(name)),
    };
  }
}
