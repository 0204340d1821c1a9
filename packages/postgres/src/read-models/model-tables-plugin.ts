import {
  IdentifierNode,
  OperationNodeTransformer,
  TableNode,
  type KyselyPlugin,
  type OperationNode,
  type PluginTransformQueryArgs,
  type PluginTransformResultArgs,
  type RootOperationNode,
  type WithNode,
} from 'kysely';

type Result = PluginTransformResultArgs['result'];

/**
 * Lets queries say `order_summary` and reads the table in its version's schema. A table that the query puts into another schema, that it defines itself
 * (`with`), or that is none of these, is left as it is.
 */
export class ModelTablesPlugin implements KyselyPlugin {
  readonly #transformer: ModelTables;

  /**
   * @param schemas Postgres schema of each table, by the table's plain name
   * @param others the schema of tables that are not among them. Absent: they are left as they are
   */
  constructor(schemas: ReadonlyMap<string, string>, others?: string) {
    this.#transformer = new ModelTables(schemas, others);
  }
  transformQuery({ node, queryId }: PluginTransformQueryArgs): RootOperationNode {
    return this.#transformer.transformNode(node, queryId);
  }
  transformResult({ result }: PluginTransformResultArgs): Promise<Result> {
    return Promise.resolve(result);
  }
}

/**
 * Where a table itself is named, and not one of its columns. Only there the schema is added: Postgres takes `order_summary.status` for a column of
 * `"leftfold_order_summary_v1"."order_summary"`, so references, aliases and `for update of` need no change.
 */
const NAMES_A_TABLE: ReadonlySet<OperationNode['kind'] | undefined> = new Set([
  'FromNode',
  'AliasNode',
  'JoinNode',
  'UsingNode',
  'InsertQueryNode',
  'UpdateQueryNode',
  'MergeQueryNode',
  'RawNode',
]);

class ModelTables extends OperationNodeTransformer {
  readonly #schemas: ReadonlyMap<string, string>;
  readonly #others: string | undefined;
  /** Names that `with` gives, of the query at hand and those around it. */
  readonly #defined: Set<string>[] = [];

  constructor(schemas: ReadonlyMap<string, string>, others: string | undefined) {
    super();
    this.#schemas = schemas;
    this.#others = others;
  }

  protected override transformNodeImpl<T extends OperationNode>(
    node: T,
    queryId?: PluginTransformQueryArgs['queryId'],
  ): T {
    const expressions = 'with' in node ? (node.with as WithNode | undefined)?.expressions : undefined;
    if (expressions === undefined) return super.transformNodeImpl(node, queryId);
    this.#defined.push(new Set(expressions.map(nameOf)));
    const transformed = super.transformNodeImpl(node, queryId);
    this.#defined.pop();
    return transformed;
  }

  /** Of expressions that are not recursive each sees those before it: `with order_summary as (select … from order_summary)` reads the table. */
  protected override transformWith(node: WithNode, queryId?: PluginTransformQueryArgs['queryId']): WithNode {
    if (node.recursive === true) return super.transformWith(node, queryId);
    const defined = this.#defined.at(-1);
    defined?.clear();
    const expressions = node.expressions.map((expression) => {
      const transformed = this.transformNode(expression, queryId);
      defined?.add(nameOf(expression));
      return transformed;
    });
    return { ...node, expressions };
  }

  protected override transformTable(node: TableNode, queryId?: PluginTransformQueryArgs['queryId']): TableNode {
    const table = super.transformTable(node, queryId);
    const { schema: given, identifier } = table.table;
    const schema = this.#schemas.get(identifier.name) ?? this.#others;
    if (given !== undefined || schema === undefined) return table;
    if (!NAMES_A_TABLE.has(this.nodeStack.at(-2)?.kind)) return table;
    if (this.#defined.some((names) => names.has(identifier.name))) return table;
    return { ...table, table: { ...table.table, schema: IdentifierNode.create(schema) } };
  }
}

const nameOf = ({ name }: WithNode['expressions'][number]): string => name.table.table.identifier.name;
