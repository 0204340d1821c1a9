/** When what one command wrote had come so far, in milliseconds since the command was called. */
export interface Stages {
  /** The append had answered. */
  readonly committed: number;
  /** The broker had confirmed the record; absent where there is none. */
  readonly acknowledged?: number;
  /** The read model's transaction had committed. */
  readonly visible: number;
}

/** The whole way from a command to its row, for one at a time. */
export interface Chain {
  one(): Promise<Stages>;
  close(): Promise<void>;
}
