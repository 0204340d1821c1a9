/** The greatest id: registries and their clients hold it as a signed number of 32 bits. */
const GREATEST = 0x7fffffff;

/** Whether a registry can have given out this number as an id: a whole number from 1 to 2³¹ − 1. */
export function isSchemaId(id: unknown): id is number {
  return typeof id === 'number' && Number.isInteger(id) && id >= 1 && id <= GREATEST;
}
