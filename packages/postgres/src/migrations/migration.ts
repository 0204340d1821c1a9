/** One step of the schema. Forward only: what was released is never changed, a mistake is mended by the next one. */
export interface Migration {
  /** From 1, without gaps. */
  readonly number: number;
  readonly name: string;
  /** Statements, run as one transaction together with their entry in `migrations`. @param schema quoted name of the Postgres schema. */
  readonly sql: (schema: string) => string;
}
