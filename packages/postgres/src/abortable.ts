/** The part of an `AbortSignal` that is looked at between two statements; what was sent is not taken back. */
export interface Abortable {
  readonly aborted: boolean;
  readonly reason: unknown;
}

/** @throws the signal's reason when it has aborted */
export function throwIfAborted(signal: Abortable | undefined): void {
  if (signal?.aborted === true) throw signal.reason;
}
