import { linesOf, type History } from '../history/history.ts';
import type { Instant } from '../../processes/recorder.ts';
import { signatureOf, type Call, type Fates } from './fates.ts';
import type { Violations } from '../../violation.ts';

/** What a call did to one key, or saw of it. */
interface Step {
  readonly call: string;
  readonly from: Instant;
  readonly to: Instant;
  readonly stream: string;
  readonly change: 'reserve' | 'release';
  /** Carried out, found taken by this stream, or nobody knows. */
  readonly outcome: 'done' | 'unknown' | { readonly takenBy: string };
}

/**
 * Each unique key is a register that at most one stream holds: there must be an order of its calls, each between its begin and its end, in which every answer
 * is right. Searched for depth first, remembering where it has been (Wing and Gong's algorithm, with Lowe's memory).
 */
export function checkKeys(history: History, fates: Fates, violations: Violations): void {
  const held = new Map(linesOf(history, 'key').map(({ key, stream }) => [key, stream]));
  const sent = Map.groupBy(fates.calls, signatureOf);
  const steps = fates.calls.flatMap((call) => stepsOf(call, (sent.get(signatureOf(call)) ?? []).length > 1));
  const byKey = Map.groupBy(steps, ({ key }) => key);
  for (const [key, of] of byKey) {
    if (
      !hasOrder(
        of.map(({ step }) => step),
        held.get(key),
      )
    ) {
      violations.add(
        'key',
        `no order of its calls explains who holds ${key} (${held.get(key) ?? 'nobody'}): ${of.map(({ step }) => step.call).join(', ')}`,
      );
    }
  }
  for (const key of held.keys()) if (!byKey.has(key)) violations.add('key', `${key} is held, and nobody took it`);
}

/** @param isRepeated another call has the same events: the other one did what this one found done. Without one it met its own first sending. */
function stepsOf(
  { id, invoked, answer, fate, settledAt, tx }: Call,
  isRepeated: boolean,
): readonly { readonly key: string; readonly step: Step }[] {
  const outcome = (key: string): Step['outcome'] | undefined => {
    if (answer?.kind === 'taken' && tx === undefined) return answer.key === key ? { takenBy: answer.by } : undefined;
    if (fate === 'refused' || (answer?.kind === 'appended' && answer.already && isRepeated)) return undefined;
    return fate === 'written' ? 'done' : 'unknown';
  };
  return (invoked.keys ?? []).flatMap(({ key, stream, change }) => {
    const of = outcome(key);
    const to = of === 'unknown' ? Infinity : settledAt;
    return of === undefined ? [] : [{ key, step: { call: id, from: invoked.at, to, stream, change, outcome: of } }];
  });
}

/** @param end who holds it after the last step. */
function hasOrder(steps: readonly Step[], end: string | undefined): boolean {
  const been = new Set<string>();
  const search = (left: readonly Step[], holder: string | undefined): boolean => {
    if (left.every(({ outcome }) => outcome === 'unknown') && holder === end) return true;
    const place = `${holder} ${left.map((step) => steps.indexOf(step)).join()}`;
    if (been.has(place)) return false;
    been.add(place);
    const firstEnd = Math.min(...left.map(({ to }) => to));
    return left.some((step) => {
      if (step.from > firstEnd) return false;
      const after = apply(step, holder);
      return (
        after !== 'impossible' &&
        search(
          left.filter((other) => other !== step),
          after,
        )
      );
    });
  };
  return search(steps, undefined);
}

/** Who holds the key after a step; an unknown one that found it taken has changed nothing, which is the same as not being taken. */
function apply({ stream, change, outcome }: Step, holder: string | undefined): string | undefined {
  if (typeof outcome === 'object') return holder === outcome.takenBy && holder !== stream ? holder : 'impossible';
  if (change === 'release') return holder === stream ? undefined : holder;
  if (holder === undefined || holder === stream) return stream;
  return 'impossible';
}
