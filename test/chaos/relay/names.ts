/** The relay's part in what is tortured: what it publishes, and what it must not. */
export const SERVICE = 'chaos';

/** Topics with their partitions; a multiple of every number of lanes that a run may have. */
export const TOPICS: Readonly<Record<string, number>> = { 'chaos-orders': 8, 'chaos-parcels': 4 };

/** Where events of a category go; `null` stays in the log. */
const ROUTES: Readonly<Record<string, string | null>> = {
  'chaos.order': 'chaos-orders',
  'chaos.parcel': 'chaos-parcels',
  'chaos.secret': null,
};
export const CATEGORIES: readonly string[] = Object.keys(ROUTES);
export const topicOf = (category: string): string | null => ROUTES[category] ?? null;

/** Tenants use the same stream ids. */
export const TENANTS = ['', 'other'] as const;
/** For each category and tenant. 72 streams are published. */
export const STREAMS = 18;
