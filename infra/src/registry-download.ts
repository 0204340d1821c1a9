import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { buildOnce, cacheFolder } from './cache-folder.ts';
import { downloadByMaven } from './maven.ts';

/** The version of Apicurio Registry that is started. */
export const REGISTRY_VERSION = '2.6.13.Final';

/** Where this version is kept, and what was made of it once. */
export function registryFolder(env: NodeJS.ProcessEnv = process.env): string {
  return join(cacheFolder(env), `apicurio-${REGISTRY_VERSION}`);
}

/** The jar to run; it finds the others beside it. */
export function registryJar(folder: string): string {
  return join(folder, `apicurio-registry-app-${REGISTRY_VERSION}-runner.jar`);
}

/**
 * Resolves with {@link registryFolder} once it holds the unpacked distribution (136 MB to download, 146 MB on disk). Safe to call from several processes at once.
 *
 * @throws {@link InfraError} `LF_INFRA_DOWNLOAD_FAILED` with the last lines of Maven's output.
 */
export async function registryDistribution(maven: string | undefined): Promise<string> {
  return await buildOnce(registryFolder(), async (work) => {
    const built = join(work, 'apicurio');
    await mkdir(built);
    await downloadByMaven({
      maven,
      work,
      goal: 'unpack',
      args: [
        `-Dartifact=io.apicurio:apicurio-registry-app:${REGISTRY_VERSION}:tar.gz:all`,
        `-DoutputDirectory=${built}`,
      ],
      proof: registryJar(built),
      what: `Apicurio Registry ${REGISTRY_VERSION}`,
      instead: 'set LEFTFOLD_REGISTRY_URL',
    });
    return built;
  });
}
