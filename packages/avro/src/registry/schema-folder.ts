import { randomBytes } from 'node:crypto';
import { link, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { InputInvalid } from '@leftfold/core';
import { RegistryRefused, RegistryUnavailable } from './errors.ts';
import { fileSchemaId } from './file-schema-id.ts';
import { spellingOf } from './same-text.ts';
import type { RegisteredSchema } from './schema-registry.ts';
import { checkSubject } from './subject.ts';

/** No separator, no `..`, nothing that a file system takes for something else. */
const SUBJECT = /^[A-Za-z_][A-Za-z0-9_-]*(?:\.[A-Za-z0-9_-]+)*$/;
const VERSION = /^([1-9][0-9]{0,8})\.avsc$/;

/** Texts as they lie in a folder: `<subject>/<n>.avsc`, one line each, as git likes it. Nothing is kept in memory. */
export class SchemaFolder {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  /** Sorted; none where there is no folder yet. */
  async subjects(): Promise<readonly string[]> {
    const names = (await this.#names('')).filter((name) => SUBJECT.test(name));
    const areFolders = await Promise.all(names.map((name) => this.#isFolder(name)));
    return names.filter((_, i) => areFolders[i]);
  }

  /** Whether there is a folder, with or without subjects. */
  async exists(): Promise<boolean> {
    return this.#isFolder('');
  }

  /**
   * In order; none where there is no such subject.
   * @throws {@link RegistryRefused} `LF_REGISTRY_REFUSED`, naming the file, for one that is no JSON or no UTF-8, a gap, and a name that is no number
   */
  async versions(subject: string): Promise<readonly RegisteredSchema[]> {
    this.check(subject);
    const names = (await this.#names(subject)).filter((name) => name.endsWith('.avsc'));
    for (const name of names) {
      if (!VERSION.test(name)) throw this.#broken(join(subject, name), 'is not named as a version: 1.avsc, 2.avsc, …');
    }
    return Promise.all(names.map((_, i) => this.#text(subject, i + 1)));
  }

  async #text(subject: string, version: number): Promise<RegisteredSchema> {
    const file = join(subject, `${version}.avsc`);
    const bytes = await this.read(file);
    if (bytes === undefined) throw this.#broken(file, 'is missing, though a later version is there');
    const avro = textOf(bytes);
    if (avro !== undefined && /^<{7} /m.test(avro)) {
      const remedy =
        "keep the text that was released first; the other branch's is a further version, which 'schema push' writes";
      throw this.#broken(file, 'has a merge conflict', remedy);
    }
    if (avro === undefined || spellingOf(avro) === undefined) throw this.#broken(file, 'is no JSON');
    return { id: fileSchemaId(avro), version, avro };
  }

  /** The bytes of a file; `undefined` when there is none. */
  async read(file: string): Promise<Buffer | undefined> {
    return this.#unlessAbsent(file, () => readFile(join(this.path, file)));
  }

  /**
   * Writes a version that is not there yet, whole or not at all: its bytes are written beside it and then given its name.
   * @returns `false` when somebody else has written that version meanwhile; nothing of theirs is touched
   */
  async write(subject: string, version: number, avro: string): Promise<boolean> {
    this.check(subject);
    const folder = join(this.path, subject);
    const draft = join(folder, `.${version}.${randomBytes(6).toString('hex')}.draft`);
    const target = join(folder, `${version}.avsc`);
    try {
      await mkdir(folder, { recursive: true });
      await writeFile(draft, `${avro}\n`, { flag: 'wx' });
      // Unlike a rename, a link never replaces what has the name already.
      return await link(draft, target).then(() => true, isTaken);
    } catch (error) {
      throw this.#fault(subject, error);
    } finally {
      // A draft that stays is passed over; why it stays must not hide why the text was not written.
      await rm(draft, { force: true }).catch(() => undefined);
    }
  }

  /** @throws {@link InputInvalid} `LF_SUBJECT_INVALID` */
  check(subject: string): void {
    checkSubject(subject);
    if (SUBJECT.test(subject) && subject !== 'compatibility.json') return;
    throw new InputInvalid(
      'LF_SUBJECT_INVALID',
      `${JSON.stringify(subject.slice(0, 50))} is no subject of a folder; give the full name of an Avro record`,
    );
  }

  async #names(folder: string): Promise<readonly string[]> {
    return ((await this.#unlessAbsent(folder, () => readdir(join(this.path, folder)))) ?? []).toSorted();
  }

  /** Also by a symbolic link, as deployment tools mount folders; one that leads nowhere is none. */
  async #isFolder(name: string): Promise<boolean> {
    const found = await this.#unlessAbsent(name, () => stat(join(this.path, name)));
    return found?.isDirectory() === true;
  }

  async #unlessAbsent<T>(what: string, read: () => Promise<T>): Promise<T | undefined> {
    try {
      return await read();
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return undefined;
      throw this.#fault(what, error);
    }
  }

  #broken(file: string, why: string, remedy = 'restore it from version control'): RegistryRefused {
    return new RegistryRefused(this.path, `is broken: ${join(this.path, file)} ${why}`, remedy);
  }

  #fault(what: string, error: unknown): RegistryRefused | RegistryUnavailable {
    const code = codeOf(error);
    const why = `cannot be used: ${join(this.path, what)} ends with ${code}`;
    const passes = ['EMFILE', 'ENFILE', 'EBUSY', 'EAGAIN', 'EIO', 'ESTALE', 'ETIMEDOUT', 'ENOSPC'].includes(code);
    if (passes) return new RegistryUnavailable(this.path, why, error);
    return new RegistryRefused(this.path, why, 'check the path and who may read and write there', error);
  }
}

/**
 * A text as every checkout has it: within it each line ends with a line feed, at its end none does. In JSON a line's end is never part of a value, and git on Windows
 * turns them: the id, which is made of the text, would be another one there.
 */
export function withOneLineEnd(avro: string): string {
  return avro.replaceAll(/\r\n?/g, '\n').replace(/\n+$/, '');
}

function textOf(bytes: Buffer): string | undefined {
  try {
    return withOneLineEnd(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch {
    return undefined;
  }
}

function isTaken(error: unknown): false {
  if (codeOf(error) === 'EEXIST') return false;
  throw error;
}

function codeOf(error: unknown): string {
  return (error as { readonly code?: string }).code ?? String(error);
}
