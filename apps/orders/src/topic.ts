/** Where the events of orders go: by default a topic is called as its category. The number of partitions is for ever. */
export const topic = { name: 'orders.order', partitions: 6 } as const;
