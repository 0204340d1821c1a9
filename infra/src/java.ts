import { execFile } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';

/** The oldest Java that Kafka 4 and Apicurio 2.6 run on. */
export const OLDEST_JAVA = 17;

/** A Java that was asked for its version. */
export interface Java {
  readonly command: string;
  /** Feature release: 8, 11, 17, 21 … */
  readonly release: number;
  /** What `java -version` printed, which tells one build of Java from another. */
  readonly description: string;
}

/** The Java of `$JAVA_HOME`, else the one on the path; `undefined` when there is none that answers. */
export async function findJava(env: NodeJS.ProcessEnv): Promise<Java | undefined> {
  const home = env['JAVA_HOME'];
  const command = (home !== undefined && home !== '' && executableIn(join(home, 'bin'), 'java')) || onPath('java', env);
  if (command === undefined) return undefined;
  try {
    const { stdout, stderr } = await promisify(execFile)(command, ['-version'], { timeout: 20_000, env });
    const description = (stderr + stdout).trim();
    const release = javaRelease(description);
    return release === undefined ? undefined : { command, release, description };
  } catch {
    // macOS has a `java` that only tells where to buy one.
    return undefined;
  }
}

/** Reads the feature release from what `java -version` prints: 17 from `"17.0.15"`, 8 from `"1.8.0_392"`. */
export function javaRelease(description: string): number | undefined {
  const found = /version "(?:1\.)?(\d+)/.exec(description);
  return found === null ? undefined : Number(found[1]);
}

/** The path of a program, as a shell would find it. */
export function onPath(program: string, env: NodeJS.ProcessEnv): string | undefined {
  const folders = (env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  return folders.map((folder) => executableIn(folder, program)).find((path) => path !== undefined);
}

function executableIn(folder: string, program: string): string | undefined {
  const path = join(folder, program);
  try {
    accessSync(path, constants.X_OK);
    return path;
  } catch {
    return undefined;
  }
}
