import { classArchiveFlags } from './class-archive.ts';
import { InfraError } from './infra-error.ts';
import { onFreePorts } from './on-free-ports.ts';
import { registryDistribution } from './registry-download.ts';
import { registryOnJava } from './registry-on-java.ts';
import { findRegistry } from './registry-origin.ts';
import { givenRegistry, type RegistryServer } from './registry-server.ts';

/** What may be asked of {@link startRegistry}. */
export interface RegistryOptions {
  /** True: a new one also when one is given, because it will be stopped or its settings changed. Default false. */
  readonly own?: boolean;
}

/**
 * Resolves with a schema registry that has answered: the one of `LEFTFOLD_REGISTRY_URL` when set, else a new and empty Apicurio on a random loopback port that
 * keeps its schemas in memory. Several run side by side. The first start on a machine downloads it (136 MB) and takes longer. When this process ends, however
 * it ends, the registry ends; it does not keep this process alive.
 *
 * @throws {@link InfraError} the code of {@link findRegistry} when there is none to be had (`LF_INFRA_NO_JAVA` …) · `LF_INFRA_DOWNLOAD_FAILED` ·
 *   `LF_INFRA_PORT_TAKEN` · `LF_INFRA_NOT_READY` with the last lines of the log · `LF_INFRA_BAD_SETTING`.
 */
export async function startRegistry(options: RegistryOptions = {}): Promise<RegistryServer> {
  const origin = await findRegistry({ own: options.own ?? false });
  switch (origin.kind) {
    case 'given':
      return await givenRegistry(origin.url);
    case 'java': {
      const { java } = origin;
      const folder = await registryDistribution(origin.maven);
      const boot = (flags: readonly string[]): Promise<RegistryServer> =>
        onFreePorts(() => registryOnJava({ java, folder, archiveFlags: flags }));
      return await boot(await classArchiveFlags(java, folder, boot));
    }
    case 'none':
      throw new InfraError(origin.code, `${origin.reason}; ${origin.remedy}`);
  }
}
