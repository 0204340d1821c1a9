import { givenPostgres } from './given-postgres.ts';
import { ownPostgres } from './own-postgres.ts';
import type { PostgresServer } from './postgres-server.ts';

/** What may be asked of {@link startPostgres}. */
export interface PostgresOptions {
  /** True: a new server also when one is given, because it will be crashed. Default false. */
  readonly own?: boolean;
  /** Server settings on top of `POSTGRES_SETTINGS`, by their names in `postgresql.conf`. A given server keeps its own. */
  readonly settings?: Readonly<Record<string, string>>;
}

/**
 * Resolves with a Postgres that has answered `select 1`: the one of `LEFTFOLD_POSTGRES_URL` when set, else a new
 * Postgres 18 on a random loopback port with its own data folder. Several run side by side. When this process ends,
 * however it ends, the server ends and its data are deleted; it does not keep this process alive.
 *
 * @throws {@link InfraError} `LF_INFRA_NO_POSTGRES` · `LF_INFRA_PORT_TAKEN` · `LF_INFRA_NOT_READY` with the last lines of
 *   the server's log · `LF_INFRA_BAD_SETTING`.
 */
export async function startPostgres(options: PostgresOptions = {}): Promise<PostgresServer> {
  const given = process.env['LEFTFOLD_POSTGRES_URL'];
  if (given !== undefined && given !== '' && options.own !== true) return await givenPostgres(given);
  return await ownPostgres(options.settings ?? {});
}
