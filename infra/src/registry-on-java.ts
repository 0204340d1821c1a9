import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { makeDataFolder } from './data-folder.ts';
import { freePorts } from './free-ports.ts';
import { InfraError } from './infra-error.ts';
import type { Java } from './java.ts';
import { registryJar } from './registry-download.ts';
import { askRegistry, type RegistryServer } from './registry-server.ts';
import { lastLines, startProcess, type ServerProcess } from './server-process.ts';
import { until } from './until.ts';

/** What a registry on Java is made from. */
export interface JavaRegistryParts {
  readonly java: Java;
  /** `registryFolder()`, complete. */
  readonly folder: string;
  /** Flags of the JVM beside {@link JVM_FLAGS}, about the archive of classes. */
  readonly archiveFlags: readonly string[];
  /** Settings of the server, by their names in Quarkus; none by default. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** Quick to boot and small: 150 MB in memory, half of it what the heap takes at its beginning. */
const JVM_FLAGS: readonly string[] = ['-Xms64m', '-Xmx256m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'];

const READY_WITHIN_MS = 90_000;

/** Sent with each answer, so that ours is told from that of another one which took the port. */
const MARK = 'x-leftfold-server';

/** Starts a registry that holds its schemas in memory, on a free port; resolves when it has answered. On a failure nothing is left. */
export async function registryOnJava(parts: JavaRegistryParts): Promise<RegistryServer> {
  const [port = 0] = await freePorts(1);
  const url = `http://127.0.0.1:${port}/apis/ccompat/v7`;
  const mark = randomUUID();
  const folder = makeDataFolder('leftfold-registry-');
  const logFile = join(folder.path, 'registry.log');
  const settings = {
    // Its web server unpacks files there, which a killed one leaves.
    'java.io.tmpdir': folder.path,
    'quarkus.http.host': '127.0.0.1',
    'quarkus.http.port': String(port),
    [`quarkus.http.header."${MARK}".value`]: mark,
    ...parts.settings,
  };
  const properties = Object.entries(settings).map(([name, value]) => `-D${name}=${value}`);
  const server = startProcess({
    command: parts.java.command,
    args: [...JVM_FLAGS, ...parts.archiveFlags, ...properties, '-jar', registryJar(parts.folder)],
    logFile,
    stopSignal: 'SIGKILL',
    cwd: folder.path,
  });
  const discard = async (): Promise<void> => {
    await server.stop('SIGKILL');
    await folder.remove();
  };
  try {
    await untilItAnswers({ url, mark, server, logFile, folder: parts.folder });
  } catch (error) {
    await discard();
    throw error;
  }
  return { origin: 'java', url, pid: server.pid, dataDir: folder.path, stop: discard };
}

/** One that was started and has not answered yet. */
interface BootingRegistry {
  readonly url: string;
  readonly mark: string;
  readonly server: ServerProcess;
  readonly logFile: string;
  /** Of the distribution. */
  readonly folder: string;
}

async function untilItAnswers(booting: BootingRegistry): Promise<void> {
  const { url, mark, server, logFile } = booting;
  const answered = await until(
    async () => {
      if (server.end !== undefined) throw whyEnded(booting, server.end.reason);
      const headers = await askRegistry(url).catch(() => undefined);
      return headers?.get(MARK) === mark || undefined;
    },
    { withinMs: READY_WITHIN_MS, everyMs: 50 },
  );
  if (answered === true) return;
  throw new InfraError(
    'LF_INFRA_NOT_READY',
    `the schema registry did not get ready within ${READY_WITHIN_MS / 1000} s; the last lines of its log say why:\n${lastWords(logFile)}`,
  );
}

/** The last lines without the places in its code, of which there are more than of words. */
function lastWords(logFile: string): string {
  const lines = lastLines(logFile, 500).split('\n');
  return lines
    .filter((line) => !/^\s+(at |\.\.\.)/.test(line))
    .slice(-15)
    .join('\n');
}

function whyEnded({ url, logFile, folder }: BootingRegistry, reason: string): InfraError {
  const end = `the schema registry ended with ${reason}; the last lines of its log say why:\n${lastWords(logFile)}`;
  // A cleaner of old files takes some and leaves the rest.
  if (/Unable to access jarfile|NoClassDefFoundError/.test(lastLines(logFile, 200))) {
    return new InfraError(
      'LF_INFRA_DOWNLOAD_FAILED',
      `${end}\nFiles are missing in ${folder}: delete it and start again`,
    );
  }
  if (/seems to be in use|BindException|Address already in use/.test(lastLines(logFile, 200))) {
    return new InfraError(
      'LF_INFRA_PORT_TAKEN',
      `another program listens on port ${new URL(url).port} of 127.0.0.1, where the schema registry should; end it, or start the registry again`,
    );
  }
  return new InfraError('LF_INFRA_NOT_READY', end);
}
