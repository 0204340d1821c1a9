import { kafkaKey, streamRef, versionsOf, type AnyEventType, type Catalogue } from '@leftfold/core';
import type { ContractsOptions } from './contracts-options.ts';
import { docOf, eventSection } from './event-section.ts';
import { anchors, code, plain, table } from './markdown.ts';
import { personalPlaces } from './personal-fields.ts';
import { categoriesOf, topicsOf, type CategoryEvents } from './published-events.ts';
import { MEMBERS_OF_LF, RECORD_HEADERS, type HeaderField } from './record-headers.ts';

/**
 * The event catalogue of a service, in Markdown, for people: by category and topic each event with what it says, its versions, their fields, and what changed between
 * them; personal data; keys and headers. Private events stand in it, marked. Pure; the same catalogue and options give the same text, byte by byte.
 */
export function catalogueMarkdown(catalogue: Catalogue, options: ContractsOptions): string {
  const { service, title = service, version, description } = options;
  const categories = categoriesOf(catalogue, options);
  const heading = `${title}: events`;
  const { entries, shown } = contents(heading, categories);
  const sections = [
    `# ${plain(heading)}`,
    `Generated from the event definitions of ${code(service)}, release ${plain(version)}. Not to be edited: change the definitions and generate it again.`,
    ...(description === undefined ? [] : [description.trim()]),
    `## ${CONTENTS}`,
    entries,
    `## ${TOPICS}`,
    topicsTable(categories, options, shown),
    ...categories.flatMap((category) => categorySection(category, shown)),
    `## ${PERSONAL}`,
    personalSection(catalogue, shown),
    `## ${WIRE}`,
    wireSection(options),
  ];
  return `${sections.join('\n\n')}\n`;
}

const CONTENTS = 'Contents';
const TOPICS = 'Topics';
const PERSONAL = 'Personal data';
const WIRE = 'Keys and headers';

/** Where an event type is described: under the first of its categories. `link` leads there. */
type Shown = ReadonlyMap<AnyEventType, { readonly category: string; readonly link: string }>;

function contents(
  title: string,
  categories: readonly CategoryEvents[],
): { readonly entries: string; readonly shown: Shown } {
  const anchor = anchors();
  const link = (heading: string): string => `[${plain(heading)}](#${anchor(heading)})`;
  const shown = new Map<AnyEventType, { readonly category: string; readonly link: string }>();
  for (const heading of [title, CONTENTS]) anchor(heading);
  const entries = [link(TOPICS)];
  for (const { category, events } of categories) {
    entries.push(link(category));
    for (const type of events) {
      if (shown.has(type)) continue;
      const own = { category, link: link(type.type) };
      shown.set(type, own);
      entries.push(`  ${own.link}`);
    }
  }
  entries.push(link(PERSONAL), link(WIRE));
  return { entries: entries.map((entry) => entry.replace(/^ */, '$&- ')).join('\n'), shown };
}

const linkTo = (shown: Shown, type: AnyEventType): string => shown.get(type)?.link ?? code(type.type);

function topicsTable(categories: readonly CategoryEvents[], { topics = [] }: ContractsOptions, shown: Shown): string {
  const rows = topicsOf(categories).map(({ topic, categories: of, events }) => [
    code(topic),
    String(topics.find(({ name }) => name === topic)?.partitions ?? ''),
    of.map(code).join(', '),
    events.map((type) => linkTo(shown, type)).join(', '),
  ]);
  return rows.length === 0 ? 'Nothing leaves the log.' : table(['Topic', 'Partitions', 'Categories', 'Events'], rows);
}

function categorySection({ category, topic, events }: CategoryEvents, shown: Shown): readonly string[] {
  return [
    `## ${plain(category)}`,
    topic === null ? 'On no topic: these events stay in the log.' : `On the topic ${code(topic)}.`,
    table(
      ['Event', 'Says', 'Latest version', ''],
      events.map((type) => [
        linkTo(shown, type),
        plain(docOf(type)),
        String(type.latest),
        [...(type.private ? ['private'] : []), ...(type.retired ? ['retired'] : [])].join(', '),
      ]),
    ),
    ...events
      .filter((type) => shown.get(type)?.category === category)
      .flatMap((type) => [`### ${plain(type.type)}`, eventSection(type)]),
  ];
}

/** Marked is every version: the old ones are in the log and on the topic for ever. */
function personalSection({ events }: Catalogue, shown: Shown): string {
  const rows = events.flatMap((type) =>
    versionsOf(type).flatMap(({ version, schema, subject = '' }) =>
      personalPlaces(schema.avro).map(({ field, erasedAs }) => [
        linkTo(shown, type),
        String(version),
        code(field),
        code(subject),
        code(JSON.stringify(erasedAs)),
      ]),
    ),
  );
  if (rows.length === 0) return 'No event holds any.';
  return [
    'Fields that hold personal data, of whom (the field of the event that names the subject), and what is read in their place once that subject is erased. Nothing else may hold personal data: no key, stream id, header or other field. Text that begins with `lf1:` is reserved for encrypted text.',
    table(['Event', 'Version', 'Field', 'Of whom', 'Erased as'], rows),
  ].join('\n\n');
}

function wireSection({ contentType = AVRO }: ContractsOptions): string {
  const key = kafkaKey('', streamRef('category', 'key').id);
  const ofTenant = kafkaKey('tenant', streamRef('category', 'key').id);
  return [
    `**Key**: the id of the stream, ${code(key)}; with tenants ${code(ofTenant)}. Records of one key stand in the order of their stream; the partition is Java's murmur2 of the key, modulo the number of partitions.`,
    `**Value**: ${code(contentType)}${contentType === AVRO ? ': a zero byte, the id of the writer schema in the registry (four bytes, big-endian), Avro binary. The subject of a schema is the full name of its Avro record' : ''}. Never empty. A symbol of an enum that a reader does not know is read as the first that it knows.`,
    "**Headers**, all text in UTF-8: CloudEvents 1.0 in Kafka's binary mode, one header `lf` of JSON, and the headers that the service adds to single events, under their own names.",
    headerTable('Header', RECORD_HEADERS),
    'Members of `lf`. More may come; a reader passes over those that it does not know.',
    headerTable('Member', MEMBERS_OF_LF),
    'A record may be sent again, after a crash for example: it then has the same `ce_id` and `sequence`, though not always the same bytes.',
  ].join('\n\n');
}

const AVRO = 'application/avro';

const headerTable = (what: string, fields: readonly HeaderField[]): string =>
  table(
    [what, 'Says', 'Form', 'Absent'],
    fields.map(({ name, says, always, schema }) => [code(name), says, formText(schema), always ? '' : 'at times']),
  );

function formText({ type, const: fixed, format, pattern, minimum }: HeaderField['schema']): string {
  if (fixed !== undefined) return code(JSON.stringify(fixed));
  if (pattern !== undefined) return code(pattern);
  if (format !== undefined) return format;
  return minimum === undefined ? type : `${type} from ${minimum}`;
}
