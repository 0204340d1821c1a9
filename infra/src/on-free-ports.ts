import { InfraError } from './infra-error.ts';

const ATTEMPTS = 5;

/** Starts a server; again, on other ports, when another program was quicker to take one of those that were free a moment ago. */
export async function onFreePorts<Server>(start: () => Promise<Server>): Promise<Server> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await start();
    } catch (error) {
      if (attempt === ATTEMPTS || !(error instanceof InfraError) || error.code !== 'LF_INFRA_PORT_TAKEN') throw error;
    }
  }
}
