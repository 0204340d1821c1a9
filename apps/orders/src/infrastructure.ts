import { avro } from '@leftfold/avro';
import { kafka } from '@leftfold/kafka';
import { LeftfoldHealthModule, LeftfoldModule } from '@leftfold/nestjs';
import { applyMigrations, postgres } from '@leftfold/postgres';
import { Module } from '@nestjs/common';
import type { OnApplicationShutdown } from '@nestjs/common';
import pg from 'pg';
import { readEnvironment } from './environment.ts';
import { schemasFolder } from './schemas-folder.ts';
import { topic } from './topic.ts';

export const environment = readEnvironment(process.env);
const pool = new pg.Pool({ connectionString: environment.databaseUrl, max: 10 });
// A connection that breaks while idle is the pool's to replace; without a listener it would end the process.
pool.on('error', () => {});

const storage = postgres({ pool });

const registry = environment.schemaRegistry === 'folder' ? schemasFolder : environment.schemaRegistry;
export const broker =
  environment.kafkaBrokers.length === 0
    ? undefined
    : kafka({
        brokers: environment.kafkaBrokers,
        clientId: 'orders',
        create: true,
        codec: avro({ registry }),
        topics: [{ ...topic, replicationFactor: environment.kafkaReplication }],
      });

/** Whoever made the pool closes it, after the followers have drained. */
@Module({})
class ConnectionsModule implements OnApplicationShutdown {
  async onApplicationShutdown(): Promise<void> {
    await pool.end();
  }
}

/** The only place that names adapters together. */
export const infrastructure = [
  LeftfoldModule.forRoot({ service: 'orders', storage, ...(broker && { broker }) }),
  LeftfoldHealthModule,
  ConnectionsModule,
];

/** Brings the log's tables up to date; safe when several processes do it at once. */
export const migrate = (): Promise<unknown> => applyMigrations(pool);
