/**
 * In which order sides take their turns: A B C, C B A, A B C, … (A B B A of two), so that whatever drifts during a run, as a disk's cache or a
 * neighbour's load, meets all of them alike.
 */
export function interleaved<T>(sides: readonly T[], rounds: number): readonly (readonly T[])[] {
  return Array.from({ length: rounds }, (_, round) => (round % 2 === 0 ? sides : sides.toReversed()));
}
