import { InfraError } from './infra-error.ts';
import { createDatabase, dropDatabase, runStatement } from './postgres-database.ts';
import type { PostgresServer } from './postgres-server.ts';

/**
 * Uses a server that somebody else runs. Its user needs the right to create databases.
 *
 * @throws {@link InfraError} `LF_INFRA_BAD_SETTING` for something that is no URL · `LF_INFRA_NOT_READY` when it does not
 *   answer.
 */
export async function givenPostgres(url: string): Promise<PostgresServer> {
  const { port } = parse(url);
  await runStatement(url, 'select 1').catch((cause: unknown) => {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new InfraError(
      'LF_INFRA_NOT_READY',
      `the Postgres of LEFTFOLD_POSTGRES_URL does not answer (${why}); start it, or unset the variable to have one started`,
      { cause },
    );
  });
  const made = new Set<string>();
  const notOurs = (what: string): Promise<never> =>
    Promise.reject(
      new InfraError(
        'LF_INFRA_NOT_OURS',
        `the Postgres of LEFTFOLD_POSTGRES_URL is not ${what} from here; call startPostgres({ own: true })`,
      ),
    );
  return {
    url,
    port: Number(port === '' ? 5432 : port),
    pid: undefined,
    dataDir: undefined,
    async createDatabase(name) {
      const database = await createDatabase(url, name);
      made.add(database);
      return database;
    },
    crash: () => notOurs('crashed'),
    restart: () => notOurs('restarted'),
    async stop() {
      for (const database of made) {
        await dropDatabase(url, database);
        made.delete(database);
      }
    },
  };
}

function parse(url: string): URL {
  const parsed = URL.parse(url);
  if (parsed !== null && /^postgres(ql)?:$/.test(parsed.protocol)) return parsed;
  // The value may hold a password, so it is not repeated.
  throw new InfraError(
    'LF_INFRA_BAD_SETTING',
    'LEFTFOLD_POSTGRES_URL is no URL of Postgres; it should read postgres://user:password@host:port/database',
  );
}
