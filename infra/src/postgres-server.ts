/** A Postgres 18 to work with: started here, or given by `LEFTFOLD_POSTGRES_URL`. */
export interface PostgresServer {
  /** `postgres://user:password@127.0.0.1:port/postgres` of the superuser. */
  readonly url: string;
  readonly port: number;
  /** The server's main process; `undefined` while it does not run, and of a given server. */
  readonly pid: number | undefined;
  /** Where its data lie; `undefined` of a given server. */
  readonly dataDir: string | undefined;
  /**
   * Makes an empty database and resolves with its URL, in some 10 to 50 ms. The name is `db_` and random letters
   * unless given. May be called concurrently.
   */
  createDatabase(name?: string): Promise<string>;
  /**
   * Ends the server at once and without a checkpoint, as a power cut ends it: transactions in progress are lost,
   * acknowledged commits come back with {@link restart}. Resolves when the process is gone. Idempotent.
   *
   * @throws {@link InfraError} `LF_INFRA_NOT_OURS` for a given server.
   */
  crash(): Promise<void>;
  /**
   * Starts the server again on the same data and the same port, after an orderly shutdown if it runs. Resolves when it
   * answers, so recovery is over.
   *
   * @throws {@link InfraError} `LF_INFRA_NOT_OURS` for a given server · `LF_INFRA_STOPPED` after {@link stop} ·
   *   `LF_INFRA_PORT_TAKEN` when another program took the port · `LF_INFRA_NOT_READY` when it does not come up.
   */
  restart(): Promise<void>;
  /** Ends the server and deletes its data; of a given server drops what {@link createDatabase} made. Idempotent. */
  stop(): Promise<void>;
}
