/** How long publishing waits for what, in milliseconds. */
export interface TimeLimits {
  /** For a connection. */
  readonly connectMs: number;
  /** For the answer to one request; then the connection is given up. A client tries a request once more. */
  readonly requestMs: number;
  /** The leader for its in-sync replicas. Less than a request's own, so that the broker's answer tells why. */
  readonly acknowledgeMs: number;
  /** For all that a client makes of one send, or of connecting. The client bounds each request by itself; this bounds the client. */
  readonly attemptMs: number;
  /** No send of the second round begins later: a broker that answers nothing costs seconds for each of its partitions. */
  readonly secondRoundMs: number;
}

/** What holds; tests of time-outs have shorter ones. */
export const TIME_LIMITS: TimeLimits = {
  connectMs: 3_000,
  requestMs: 5_000,
  acknowledgeMs: 4_000,
  attemptMs: 15_000,
  secondRoundMs: 15_000,
};
