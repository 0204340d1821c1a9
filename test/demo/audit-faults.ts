import type { Told } from './drive-orders.ts';

/** The fields of all four events that the fold of {@link faultsOfReadModels} needs. */
interface Payload {
  readonly orderId: string;
  readonly customerId?: string;
  readonly total?: { readonly cents: string; readonly currency: string };
  readonly carrier?: string;
  readonly amount?: { readonly cents: string };
  readonly paidInFull?: boolean;
  readonly method?: string;
}
/** A row of the log. */
export interface LogEvent {
  readonly id: string;
  readonly type: string;
  readonly stream: string;
  readonly version: number;
  readonly recordedAt: Date;
  readonly payload: Payload;
  /** Of the stored JSON text. */
  readonly bytes: number;
}
/** A record of the topic. */
export interface TopicRecord {
  readonly partition: number;
  readonly key: string;
  readonly id: string;
  readonly type: string;
  readonly sequence: number;
  readonly version: number;
  /** JSON text: what its bytes say, in the form of the log. */
  readonly value: string;
  /** Of the Avro text that it names. */
  readonly schema: number;
  readonly bytes: number;
}
/** The rows of both read models, as `pg` gives them. */
export interface Rows {
  readonly orderSummary: readonly {
    readonly order_id: string;
    readonly status: string;
    readonly paid_cents: string;
    readonly paid_by: string | null;
    readonly customer_id: string;
    readonly total_cents: string;
    readonly currency: string;
    readonly placed_at: Date;
    readonly carrier: string | null;
  }[];
  readonly customerTotals: readonly {
    readonly customer_id: string;
    readonly orders: number;
    readonly cancelled: number;
    readonly paid_cents: string;
  }[];
}

/** Where events are not in the log once, or versions not without gaps. `log`: by stream and version. */
export function faultsOfLog(log: readonly LogEvent[]): readonly string[] {
  const faults: string[] = [];
  const ids = new Set(log.map(({ id }) => id));
  if (ids.size !== log.length) faults.push(`log: ${log.length - ids.size} event ids stand twice`);
  let before = { stream: '', version: 0 };
  for (const { stream, version } of log) {
    const expected = stream === before.stream ? before.version + 1 : 1;
    if (version !== expected) faults.push(`log: ${stream} has version ${version} where ${expected} was expected`);
    before = { stream, version };
  }
  return faults;
}

/** Where the topic is not the log: something lost, made up, changed, out of order, or sent again under another number. `records`: by partition and offset. */
export function faultsOfTopic(log: readonly LogEvent[], records: readonly TopicRecord[]): readonly string[] {
  const faults: string[] = [];
  const inLog = new Map(log.map((event) => [event.id, event]));
  const lastVersion = new Map<string, number>();
  const lastSequence = new Map<number, number>();
  const numberOf = new Map<string, string>();
  for (const { partition, key, id, type, sequence, version, value } of records) {
    const event = inLog.get(id);
    if (event === undefined) faults.push(`topic: event ${id} is not in the log`);
    else if (event.stream !== key || event.version !== version)
      faults.push(`topic: event ${id} says ${key} #${version}, the log ${event.stream} #${event.version}`);
    else if (event.type !== type || JSON.stringify(event.payload) !== JSON.stringify(JSON.parse(value)))
      faults.push(`topic: event ${id} is ${type} ${value}, the log has ${event.type} ${JSON.stringify(event.payload)}`);
    const number = `${partition}/${sequence}`;
    const known = numberOf.get(id);
    if (known !== undefined) {
      if (known !== number) faults.push(`topic: event ${id} was sent as ${known} and again as ${number}`);
      continue;
    }
    numberOf.set(id, number);
    if (sequence !== (lastSequence.get(partition) ?? 0) + 1)
      faults.push(`topic: partition ${partition} goes from ${lastSequence.get(partition) ?? 0} to ${sequence}`);
    lastSequence.set(partition, sequence);
    if (version !== (lastVersion.get(key) ?? 0) + 1)
      faults.push(`topic: ${key} goes from version ${lastVersion.get(key) ?? 0} to ${version}`);
    lastVersion.set(key, version);
  }
  const lost = log.filter(({ id }) => !numberOf.has(id)).length;
  if (lost > 0) faults.push(`topic: ${lost} events of the log are missing`);
  return faults;
}

interface Order {
  status: string;
  paid: number;
  paidBy: string | null;
  customer: string;
  total: number;
  currency: string | undefined;
  placedAt: Date | undefined;
  carrier: string | null;
}
interface Customer {
  orders: number;
  cancelled: number;
  paid: number;
}

/** Where the read models are not what a fold of the log says, or the log is not what clients were told. */
export function faultsOfReadModels(log: readonly LogEvent[], rows: Rows, told: Told['orders']): readonly string[] {
  const { orders, customers } = folded(log);
  const orderRows = rows.orderSummary.map((row): [string, Order] => [
    row.order_id,
    {
      status: row.status,
      paid: Number(row.paid_cents),
      paidBy: row.paid_by,
      customer: row.customer_id,
      total: Number(row.total_cents),
      currency: row.currency,
      placedAt: row.placed_at,
      carrier: row.carrier,
    },
  ]);
  const customerRows = rows.customerTotals.map((row): [string, Customer] => [
    row.customer_id,
    { orders: row.orders, cancelled: row.cancelled, paid: Number(row.paid_cents) },
  ]);
  const expected = [...told].map(
    ([id, { status, paidCents, customer }]) => [id, { status, paidCents, customer }] as const,
  );
  const inLog = [...orders].map(
    ([id, { status, paid, customer }]) => [id, { status, paidCents: paid, customer }] as const,
  );
  return [
    ...differences('order_summary', orders, new Map(orderRows)),
    ...differences('customer_totals', customers, new Map(customerRows)),
    ...differences('what clients were told', new Map(expected), new Map(inLog)),
  ];
}

function folded(log: readonly LogEvent[]): { orders: Map<string, Order>; customers: Map<string, Customer> } {
  const orders = new Map<string, Order>();
  const customers = new Map<string, Customer>();
  for (const { type, payload, recordedAt } of log) {
    const order = orders.get(payload.orderId) ?? noOrder();
    orders.set(payload.orderId, order);
    order.customer = payload.customerId ?? order.customer;
    const customer = customers.get(order.customer) ?? { orders: 0, cancelled: 0, paid: 0 };
    customers.set(order.customer, customer);
    if (type === 'orders.order.placed') {
      customer.orders += 1;
      order.total = Number(payload.total?.cents);
      order.currency = payload.total?.currency;
      order.placedAt = recordedAt;
    }
    if (type === 'orders.order.shipped') {
      order.status = 'shipped';
      order.carrier = payload.carrier ?? null;
    }
    if (type === 'orders.order.cancelled') {
      order.status = 'cancelled';
      customer.cancelled += 1;
    }
    if (type === 'orders.order.payment-added') {
      const cents = Number(payload.amount?.cents);
      order.paid += cents;
      order.paidBy = payload.method ?? null;
      customer.paid += cents;
      order.status = payload.paidInFull === true ? 'paid' : 'open';
    }
  }
  return { orders, customers };
}
const noOrder = (): Order => ({
  status: 'open',
  paid: 0,
  paidBy: null,
  customer: '',
  total: 0,
  currency: undefined,
  placedAt: undefined,
  carrier: null,
});

function differences(
  name: string,
  expected: ReadonlyMap<string, object>,
  actual: ReadonlyMap<string, object>,
): readonly string[] {
  return [...new Set([...expected.keys(), ...actual.keys()])].flatMap((key) => {
    const [wanted, found] = [JSON.stringify(expected.get(key)), JSON.stringify(actual.get(key))];
    return wanted === found ? [] : [`${name}: ${key} is ${found ?? 'missing'}, expected ${wanted ?? 'nothing'}`];
  });
}
