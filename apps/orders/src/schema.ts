import { schemaProgram } from '@leftfold/avro';
import { schemaOptions } from './schema-options.ts';

process.exitCode = await schemaProgram(process.argv.slice(2), schemaOptions);
