import type { Compatibility } from './schema-registry.ts';

/** What a {@link Compatibility} asks of a further text. */
export interface CompatibilityRule {
  /** It reads what earlier texts wrote. */
  readonly reads: boolean;
  /** Earlier texts read what it writes. */
  readonly isRead: boolean;
  /** All earlier texts count, not only the latest. */
  readonly transitive: boolean;
}

/** The rule of a mode, as Confluent's registry defines it. */
export function compatibilityRule(mode: Compatibility): CompatibilityRule {
  return {
    reads: mode.startsWith('BACKWARD') || mode.startsWith('FULL'),
    isRead: mode.startsWith('FORWARD') || mode.startsWith('FULL'),
    transitive: mode.endsWith('_TRANSITIVE'),
  };
}
