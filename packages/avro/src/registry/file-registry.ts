import { DefinitionError, type Json } from '@leftfold/core';
import { avroOf, checkedAvro } from './checked-avro.ts';
import { RegistryRefused, RegistryUnavailable, SchemaIncompatible, SchemaRefused } from './errors.ts';
import { fileSchemaId } from './file-schema-id.ts';
import { folderCompatibility } from './folder-compatibility.ts';
import { incompatibilities } from './incompatibilities.ts';
import { spellingOf } from './same-text.ts';
import { SchemaFolder, withOneLineEnd } from './schema-folder.ts';
import { isSchemaId } from './schema-id.ts';
import type { Compatibility, RegisteredSchema, SchemaRegistry } from './schema-registry.ts';
import { SharedQuestions } from './shared-questions.ts';

/** Others may be writing the same subject; so many that each attempt meets another one are none that work on one folder. */
const ATTEMPTS = 20;

/**
 * A registry that is a folder, committed with the code: `<folder>/<subject>/<n>.avsc`, a text each; rules in `<folder>/compatibility.json`, `FULL_TRANSITIVE` without.
 * A text's id is made of the text ({@link fileSchemaId}), so there is no list that branches would fight over, and the ids are the same on every machine. Read when
 * it is first asked, and again when something is not found, so texts that a pull brings are seen; what is known goes on while the folder is away. A folder that is not
 * there is an empty registry, except to whoever asks for an id, which some folder has given out.
 *
 * Processes may register at the same time: a version is written whole by one of them, the other sees it and takes the next one.
 *
 * @param folder absolute, or from the working directory.
 * @throws {@link DefinitionError} `LF_OPTION_OUT_OF_RANGE` for an empty path and for a URL
 */
export function fileRegistry(folder: string): SchemaRegistry {
  // A URL that is misspelled would be taken for a folder, and the password in it would stand in messages.
  if (folder === '' || folder.includes('\0') || /^\s*\w[\w+.-]+:\/\//.test(folder))
    throw new DefinitionError(
      'LF_OPTION_OUT_OF_RANGE',
      'fileRegistry(folder) needs a path; give the folder of the released texts, and a registry with a URL as http(s)://host:port/base',
    );
  return new FileRegistry(new SchemaFolder(folder));
}

/** All that was read. */
interface Texts {
  readonly subjects: ReadonlyMap<string, readonly RegisteredSchema[]>;
  readonly byId: ReadonlyMap<number, string>;
}

class FileRegistry implements SchemaRegistry {
  readonly description: string;
  readonly #folder: SchemaFolder;
  readonly #questions = new SharedQuestions();
  #known: Texts = { subjects: new Map(), byId: new Map() };

  constructor(folder: SchemaFolder) {
    this.description = folder.path;
    this.#folder = folder;
  }

  async find(
    subject: string,
    avro: string,
    options: { readonly signal?: AbortSignal } = {},
  ): Promise<number | undefined> {
    this.#folder.check(subject);
    const wanted = spellingOf(avro);
    if (wanted === undefined) return undefined;
    const among = ({ subjects }: Texts): number | undefined =>
      subjects.get(subject)?.find((one) => spellingOf(one.avro) === wanted)?.id;
    return among(this.#known) ?? among(await this.#read(options.signal));
  }

  async schema(id: number, options: { readonly signal?: AbortSignal } = {}): Promise<string | undefined> {
    if (!isSchemaId(id)) return undefined;
    const known = this.#known.byId.get(id) ?? (await this.#read(options.signal)).byId.get(id);
    if (known !== undefined || (await this.#folder.exists())) return known;
    // Hazard A7: a mount that is missing must not make poison of every record.
    throw new RegistryUnavailable(this.description, `is no folder that is there, and was asked for the id ${id}`);
  }

  versions(subject: string): Promise<readonly RegisteredSchema[]> {
    return this.#folder.versions(subject);
  }

  async subjects(): Promise<readonly string[]> {
    return [...(await readAll(this.#folder)).subjects.keys()];
  }

  async compatibility(subject: string): Promise<Compatibility> {
    this.#folder.check(subject);
    return folderCompatibility(this.#folder, subject);
  }

  async register(subject: string, text: string): Promise<number> {
    this.#folder.check(subject);
    const avro = withOneLineEnd(text);
    const json = checkedAvro(subject, avro);
    for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
      // From the disk, each time: what others wrote meanwhile counts.
      const { subjects, byId } = await readAll(this.#folder);
      const earlier = subjects.get(subject) ?? [];
      const same = earlier.find((one) => spellingOf(one.avro) === spellingOf(avro));
      if (same !== undefined) return same.id;
      this.#checkName(subject, subjects);
      const id = fileSchemaId(avro);
      const holder = byId.get(id);
      if (holder !== undefined && holder !== avro)
        throw new SchemaRefused(
          subject,
          `another text has its id ${id}`,
          'change the text: rename a field that is not released yet',
        );
      await this.#checkRule(subject, earlier, json);
      if (await this.#folder.write(subject, earlier.length + 1, avro)) return id;
    }
    throw new RegistryUnavailable(this.description, `had others write ${subject} at each of ${ATTEMPTS} attempts`);
  }

  /** Not every disk can hold it beside the others: Windows has names for devices, and others do not tell case apart. */
  #checkName(subject: string, subjects: Texts['subjects']): void {
    const twin = twinOf(subject, [...subjects.keys()]);
    const isDevice = /^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)/i.test(subject);
    if (twin === undefined && !isDevice) return;
    const why = isDevice ? 'Windows has no folder of this name' : `${twin} is there, and some disks take both for one`;
    throw new SchemaRefused(subject, why, 'give the event another name');
  }

  async #checkRule(subject: string, earlier: readonly RegisteredSchema[], json: Json): Promise<void> {
    const mode = await folderCompatibility(this.#folder, subject);
    if (mode === 'NONE') return;
    for (const text of earlier) {
      const old = avroOf(text);
      // Nothing can be said to be compatible with it.
      if ('why' in old) throw new SchemaIncompatible(subject, `version ${text.version} is no Avro: ${old.why}`);
    }
    const found = incompatibilities(json, earlier, mode);
    if (found.length === 0) return;
    const reasons = found.map(
      ({ earlier: { version }, mismatch: { path, message } }) => `version ${version}, ${path || 'root'}: ${message}`,
    );
    const why = `${[...new Set(reasons)].join('; ')} (its rule is ${mode})`;
    throw new SchemaIncompatible(
      subject,
      why,
      found.map(({ mismatch }) => mismatch),
    );
  }

  /** Whoever misses something at the same time reads once. */
  async #read(signal?: AbortSignal): Promise<Texts> {
    const { subjects, byId } = await this.#questions.ask('all', () => readAll(this.#folder), signal);
    // Beside what is known, not instead of it: the folder may be away at this moment, and an id never changes its text.
    this.#known = {
      subjects: new Map([...this.#known.subjects, ...subjects]),
      byId: new Map([...byId, ...this.#known.byId]),
    };
    return this.#known;
  }
}

async function readAll(folder: SchemaFolder): Promise<Texts> {
  const names = await folder.subjects();
  for (const name of names) {
    // As two branches bring them: seen here, on a disk that tells them apart, before a colleague's disk loses one of them.
    const twin = twinOf(name, names);
    if (twin === undefined) continue;
    const why = `holds ${name} and ${twin}, and some disks take both for one`;
    throw new RegistryRefused(folder.path, why, 'give the event that is not released yet another name');
  }
  const found = await Promise.all(names.map(async (name) => [name, await folder.versions(name)] as const));
  const byId = new Map<number, string>();
  for (const [name, versions] of found) {
    for (const { id, version, avro } of versions) {
      const other = byId.get(id);
      if (other !== undefined && other !== avro) {
        const why = `holds two texts with the id ${id}, one of them version ${version} of ${name}`;
        throw new RegistryRefused(folder.path, why, 'change the one that is not released yet');
      }
      byId.set(id, avro);
    }
  }
  return { subjects: new Map(found.filter(([, versions]) => versions.length > 0)), byId };
}

/** Another name that differs in case alone. */
function twinOf(subject: string, names: readonly string[]): string | undefined {
  return names.find((name) => name !== subject && name.toLowerCase() === subject.toLowerCase());
}
