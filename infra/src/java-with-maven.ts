import { existsSync } from 'node:fs';
import type { InfraErrorCode } from './infra-error.ts';
import { findJava, OLDEST_JAVA, onPath, type Java } from './java.ts';

/** A Java that can run the server, and Maven or an earlier download. */
export interface JavaOrigin {
  readonly kind: 'java';
  readonly java: Java;
  readonly maven: string | undefined;
}

/** The server cannot be had on this machine: one sentence why, and one what to do. */
export interface NoOrigin {
  readonly kind: 'none';
  readonly code: InfraErrorCode;
  readonly reason: string;
  readonly remedy: string;
}

/** Which server is looked for. */
export interface WantedServer {
  /** As a reason begins: `there is no Kafka: no Docker engine answers`. */
  readonly missing: string;
  /** `Kafka 4` */
  readonly name: string;
  /** Where an earlier download lies. */
  readonly folder: string;
  readonly remedy: string;
}

/** Looks for Java ≥ 17 and, where nothing was downloaded yet, for Maven. Starts and downloads nothing. */
export async function javaWithMaven(wanted: WantedServer, env: NodeJS.ProcessEnv): Promise<JavaOrigin | NoOrigin> {
  const none = (code: InfraErrorCode, why: string): NoOrigin => ({
    kind: 'none',
    code,
    reason: `${wanted.missing}${why}`,
    remedy: wanted.remedy,
  });
  const java = await findJava(env);
  if (java === undefined) return none('LF_INFRA_NO_JAVA', 'there is no Java');
  if (java.release < OLDEST_JAVA) {
    return none('LF_INFRA_JAVA_TOO_OLD', `${java.command} is Java ${java.release}, too old for ${wanted.name}`);
  }
  const maven = onPath('mvn', env);
  if (maven === undefined && !existsSync(wanted.folder)) {
    return none('LF_INFRA_NO_MAVEN', `there is Java ${java.release}, but no Maven (mvn) to download it with`);
  }
  return { kind: 'java', java, maven };
}
