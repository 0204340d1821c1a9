import { LeftfoldError, type AvroMismatch } from '@leftfold/core';

/** No registry answered in time, or what answered had a fault of its own or was no registry. The same call may succeed later. `LF_REGISTRY_UNAVAILABLE` */
export class RegistryUnavailable extends LeftfoldError {
  readonly code = 'LF_REGISTRY_UNAVAILABLE' as const;
  readonly retryable = true as const;

  /** @param registry its description, which holds no credentials. */
  constructor(registry: string, why: string, cause?: unknown) {
    super(
      `the schema registry ${registry} ${why}; ask again, and check that it runs and that this is its address`,
      cause === undefined ? {} : { cause },
    );
  }
}

/** The registry will not serve this call: wrong credentials, certificate, rights or address, or a folder that is broken. Asking again changes nothing. `LF_REGISTRY_REFUSED` */
export class RegistryRefused extends LeftfoldError {
  readonly code = 'LF_REGISTRY_REFUSED' as const;
  readonly retryable = false as const;

  constructor(registry: string, why: string, remedy: string, cause?: unknown) {
    super(`the schema registry ${registry} ${why}; ${remedy}`, cause === undefined ? {} : { cause });
  }
}

/** The registry does not hold the text that an event is written with. It may yet be registered. `LF_SCHEMA_UNREGISTERED` */
export class SchemaUnregistered extends LeftfoldError {
  readonly code = 'LF_SCHEMA_UNREGISTERED' as const;
  readonly retryable = true as const;
  readonly subject: string;

  constructor(registry: string, subject: string) {
    super(
      `${subject} is not registered with this text in ${registry}; release it with 'schema push', before the service`,
    );
    this.subject = subject;
  }
}

/** The subject's rule forbids this text. Nothing was registered. `LF_SCHEMA_INCOMPATIBLE` */
export class SchemaIncompatible extends LeftfoldError {
  readonly code = 'LF_SCHEMA_INCOMPATIBLE' as const;
  readonly retryable = false as const;
  readonly subject: string;
  /** Where this side compared the texts; empty where the registry did, whose reason is in the message. */
  readonly findings: readonly AvroMismatch[];

  constructor(subject: string, why: string, findings: readonly AvroMismatch[] = []) {
    super(
      `${subject} may not get this text: ${why}; make it readable, or say the change as a new version of the event`,
    );
    this.subject = subject;
    this.findings = findings;
  }
}

/** The text is no Avro schema, or one that this registry cannot hold. Nothing was registered. `LF_SCHEMA_REFUSED` */
export class SchemaRefused extends LeftfoldError {
  readonly code = 'LF_SCHEMA_REFUSED' as const;
  readonly retryable = false as const;
  readonly subject: string;

  constructor(subject: string, why: string, remedy = 'correct the text') {
    super(`${subject} cannot be registered: ${why}; ${remedy}`);
    this.subject = subject;
  }
}
