import { confluentRegistry, fileRegistry, pushSchemas as push } from '@leftfold/avro';
import { schemaOptions } from '../../apps/orders/src/schema-options.ts';

/** Registers what the sample has released, as `schema push --registry` does before a deployment. Answers how many texts were new. @throws naming what was refused */
export async function pushSchemas(registryUrl: string): Promise<number> {
  const { catalogue, folder } = schemaOptions;
  const outcome = await push(catalogue, confluentRegistry({ url: registryUrl }), { released: fileRegistry(folder) });
  if (outcome.kind === 'pushed') return outcome.pushed.length;
  throw new Error(`the registry was given nothing: ${JSON.stringify(outcome.faults)}`);
}
