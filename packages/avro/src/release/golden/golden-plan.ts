import { isDeepStrictEqual } from 'node:util';
import { encodePayload, EventInvalid, versionsOf, type Catalogue, type NewEvent, type t } from '@leftfold/core';
import { comparableValues, type ComparableValues } from '../comparable-values.ts';
import { firstDifference } from '../first-difference.ts';
import type { ReleaseFinding } from '../release-finding.ts';
import { GoldenBytes } from './golden-bytes.ts';
import { changed, GIVE, RESTORE, Told, type Wrong } from './golden-finding.ts';
import { goldenPath, readGolden, type GoldenFile, type GoldenSample } from './golden-file.ts';
import { releasedCorpus, targetsOf, textName, type CorpusText } from './released-corpus.ts';
import { sampleValues } from './sample-values.ts';
import { upcastResults } from './upcast-results.ts';

/** A generated sample that today's code cannot take, so that it is none. */
export interface LeftOutSample {
  readonly text: string;
  readonly sample: string;
  readonly why: string;
}

/** What the golden file of one released text should be. */
export interface GoldenPlan {
  readonly path: string;
  readonly text: CorpusText;
  /** As it is; `undefined`: not written yet. */
  readonly before: GoldenFile | undefined;
  readonly after: GoldenFile;
  /** Results and samples that the file lacks. */
  readonly missing: number;
  /** Where today's code says otherwise than the file. */
  readonly faults: readonly ReleaseFinding[];
  readonly leftOut: readonly LeftOutSample[];
}

/** Compares the golden corpus of a folder with today's code, and says what has to be added. Writes nothing. */
export async function goldenPlans(
  catalogue: Catalogue,
  folder: string,
  samples: readonly NewEvent[] = [],
): Promise<readonly GoldenPlan[]> {
  checkSamples(catalogue, samples);
  const corpus = await releasedCorpus(catalogue, folder);
  const bytes = new GoldenBytes(folder);
  const plans: GoldenPlan[] = [];
  for (const text of corpus) {
    const path = goldenPath(folder, text.subject, text.revision);
    const before = await readGolden(path);
    plans.push(
      before === 'invalid'
        ? unreadable(text, path)
        : await planOf({ text, path, targets: comparable(text, corpus), bytes }, before, givenFor(text, samples)),
    );
  }
  return plans;
}

/** What a plan rests on. */
interface Scene {
  readonly text: CorpusText;
  readonly path: string;
  readonly targets: readonly Target[];
  readonly bytes: GoldenBytes;
}
/** A text that results are recorded as. */
interface Target {
  readonly name: string;
  readonly version: number;
  readonly compared: ComparableValues;
}

function comparable(text: CorpusText, corpus: readonly CorpusText[]): readonly Target[] {
  return targetsOf(text, corpus).flatMap((target): readonly Target[] => {
    const { writer, version } = target;
    const compared = comparableValues(writer.avro, version.writer.avro);
    return compared === undefined ? [] : [{ name: textName(target), version: version.version, compared }];
  });
}

async function planOf(scene: Scene, before: GoldenFile | undefined, given: readonly t.Json[]): Promise<GoldenPlan> {
  const { text, path } = scene;
  const leftOut: LeftOutSample[] = [];
  const told = new Told();
  const samples: GoldenSample[] = [];
  const named = { text: `${text.revision}.avsc`, fingerprint: text.writer.fingerprint };
  let missing = 0;
  for (const old of before?.samples ?? []) {
    const now = await recorded(scene, old.name, old.json);
    if ('fault' in now) told.note(old.name, { message: now.fault });
    else for (const one of differences(scene, old, now)) told.note(old.name, one);
    const as = 'fault' in now ? old.as : { ...now.as, ...old.as };
    missing += Object.keys(as).length - Object.keys(old.as).length;
    samples.push({ ...old, as });
  }
  for (const { name, candidates } of before === undefined ? sampleValues(text.writer.avro) : []) {
    const reasons: string[] = [];
    for (const json of candidates) {
      const now = await recorded(scene, name, json);
      if ('fault' in now) reasons.push(now.fault);
      else samples.push(now);
      if (!('fault' in now)) break;
    }
    if (reasons.length === candidates.length)
      leftOut.push({ text: textName(text), sample: name, why: reasons.at(-1) ?? '' });
  }
  for (const json of given) {
    if (samples.some((sample) => isDeepStrictEqual(sample.json, json))) continue;
    const name = `given-${samples.filter((sample) => sample.name.startsWith('given-')).length + 1}`;
    const now = await recorded(scene, name, json);
    if ('fault' in now) told.note(name, { message: now.fault });
    else samples.push(now);
    missing += 1;
  }
  const faults = told.findings(text);
  if (samples.length === 0) faults.push(changed(text, `no sample can be read: ${leftOut[0]?.why ?? ''}`, GIVE));
  return { path, text, before, after: { ...named, samples }, missing, faults, leftOut };
}

/** What today's code makes of a value. */
async function recorded(
  { text, targets, bytes }: Scene,
  name: string,
  json: t.Json,
): Promise<GoldenSample | { readonly fault: string }> {
  const results = upcastResults(text, json);
  if ('fault' in results) return results;
  let avro: string;
  try {
    avro = await bytes.encoded(text, json);
  } catch (error) {
    return { fault: `it has no Avro bytes: ${String(error)}` };
  }
  const as: Record<string, t.Json> = {};
  for (const target of targets) {
    const result = results.byVersion.get(target.version);
    if (result !== undefined) as[target.name] = target.compared.ofToday(result);
  }
  return { name, json, avro, as };
}

function differences({ targets }: Scene, old: GoldenSample, now: GoldenSample): readonly Wrong[] {
  const otherBytes = old.avro === now.avro ? [] : [{ message: 'has other Avro bytes than recorded' }];
  const otherResults = targets.flatMap(({ name, compared }): readonly Wrong[] => {
    const [recordedThen, today] = [old.as[name], now.as[name]];
    if (recordedThen === undefined || today === undefined) return [];
    const then = compared.ofReleased(recordedThen);
    if (isDeepStrictEqual(then, today)) return [];
    const field = firstDifference(then, today);
    const message = `as ${name} it is another result than recorded${field === '' ? '' : `, at ${field}`}`;
    return [{ message, ...(field !== '' && { field }) }];
  });
  return [...otherBytes, ...otherResults];
}

function checkSamples({ events }: Catalogue, samples: readonly NewEvent[]): void {
  for (const sample of samples) {
    const type = events.find((one) => one.type === sample.type);
    const version = type && versionsOf(type)[sample.version - 1];
    const fault = (path: string, message: string) =>
      new EventInvalid({ eventType: `the sample ${sample.type} v${sample.version}`, path, message });
    if (version === undefined) throw fault('', 'is of no version in the catalogue');
    const encoded = encodePayload(version.schema, sample.data);
    if (!('issues' in encoded)) continue;
    const [issue] = encoded.issues;
    throw fault(issue?.path.map(String).join('.') ?? '', issue?.message ?? 'does not fit its schema');
  }
}

/** Events that somebody gave as samples, as they would be stored now: with today's text of their version only. */
function givenFor({ type, version, writer }: CorpusText, samples: readonly NewEvent[]): readonly t.Json[] {
  if (writer.fingerprint !== version.writer.fingerprint) return [];
  return samples
    .filter((sample) => sample.type === type.type && sample.version === version.version)
    .flatMap(({ data }) => {
      const encoded = encodePayload(version.schema, data);
      return 'issues' in encoded ? [] : [JSON.parse(encoded.text) as t.Json];
    });
}

function unreadable(text: CorpusText, path: string): GoldenPlan {
  const after = { text: `${text.revision}.avsc`, fingerprint: text.writer.fingerprint, samples: [] };
  const faults = [changed(text, `${text.revision}.golden.json is no golden file`, RESTORE)];
  return { path, text, before: undefined, after, missing: 0, faults, leftOut: [] };
}
