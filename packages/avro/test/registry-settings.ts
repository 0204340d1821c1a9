import type { Compatibility } from '@leftfold/avro';

const settingOf = (url: string, subject: string | undefined): string =>
  `${url}/config${subject === undefined ? '' : `/${encodeURIComponent(subject)}`}`;

/** Sets the rule of a subject, of the whole registry without one. */
export async function setRule(url: string, subject: string | undefined, rule: Compatibility): Promise<void> {
  const answer = await fetch(settingOf(url, subject), {
    method: 'PUT',
    headers: { 'content-type': 'application/vnd.schemaregistry.v1+json' },
    body: JSON.stringify({ compatibility: rule }),
  });
  if (!answer.ok) throw new Error(`status ${answer.status}: ${await answer.text()}`);
}

/** What the registry says of a setting, as it says it. */
export async function readSetting(url: string, subject?: string): Promise<string> {
  const answer = await fetch(settingOf(url, subject));
  return `${answer.status} ${await answer.text()}`;
}
