/**
 * Why a server could not be had. Every message of an {@link InfraError} ends with what to do about it.
 *
 * - `LF_INFRA_BAD_SETTING`: an environment variable or a flag has a value that means nothing, or nothing can be written where one says.
 * - `LF_INFRA_DOWNLOAD_FAILED`: Maven or Docker could not bring Kafka or the schema registry, or what they brought is no longer whole.
 * - `LF_INFRA_NO_JAVA`, `LF_INFRA_JAVA_TOO_OLD`, `LF_INFRA_NO_MAVEN`: no way to run Kafka, or a schema registry, on this machine.
 * - `LF_INFRA_KAFKA_OFF`: `LEFTFOLD_KAFKA_FROM` is `none`, or `docker` where no engine answers.
 * - `LF_INFRA_NO_POSTGRES`: no Postgres for this platform, or none that this account may run.
 * - `LF_INFRA_PORT_TAKEN`: other programs held the ports, in every attempt.
 * - `LF_INFRA_NOT_READY`: the server ended, or did not answer in time; the message holds the last lines of its log.
 * - `LF_INFRA_NOT_OURS`: a server given by an environment variable is not crashed, killed or restarted from here.
 * - `LF_INFRA_STOPPED`: the server was stopped and its data are gone.
 */
export type InfraErrorCode =
  | 'LF_INFRA_BAD_SETTING'
  | 'LF_INFRA_DOWNLOAD_FAILED'
  | 'LF_INFRA_NO_JAVA'
  | 'LF_INFRA_JAVA_TOO_OLD'
  | 'LF_INFRA_NO_MAVEN'
  | 'LF_INFRA_KAFKA_OFF'
  | 'LF_INFRA_NO_POSTGRES'
  | 'LF_INFRA_PORT_TAKEN'
  | 'LF_INFRA_NOT_READY'
  | 'LF_INFRA_NOT_OURS'
  | 'LF_INFRA_STOPPED';

/** A server could not be started, reached or steered. Recognise it by `code`; the message says what to do. */
export class InfraError extends Error {
  readonly code: InfraErrorCode;

  constructor(code: InfraErrorCode, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.name = 'InfraError';
    this.code = code;
  }
}
