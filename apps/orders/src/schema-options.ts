import { fileURLToPath } from 'node:url';
import type { SchemaProgramOptions } from '@leftfold/avro';
import { catalogue } from '@leftfold/core';
import { order } from './order/order.ts';
import { schemasFolder } from './schemas-folder.ts';
import { topic } from './topic.ts';

/** What this service has released, and what it says about itself to others. */
export const schemaOptions: SchemaProgramOptions = {
  catalogue: catalogue(order),
  folder: schemasFolder,
  contracts: {
    folder: fileURLToPath(new URL('../contracts', import.meta.url)),
    service: 'orders',
    title: 'Orders',
    version: '0.0.0',
    topic: (category) => category,
    topics: [topic],
  },
};
