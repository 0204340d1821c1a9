/** What a schema's check found, in one line: `price.cents expected a number (and 2 more)`. Never repeats a value: it may be personal data. */
export function issueText(
  issues: readonly { readonly message: string; readonly path: readonly PropertyKey[] }[],
): string {
  const [first, ...others] = issues;
  if (first === undefined) return '';
  const more = others.length === 0 ? '' : ` (and ${others.length} more)`;
  return `${first.path.map(String).join('.')} ${first.message}${more}`.trimStart();
}
