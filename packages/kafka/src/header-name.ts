const KNOWN = new Map<string, Buffer>();
const MOST_KNOWN = 1_000;

/** The bytes of a header's name, not to be changed. Names are few and stand in every record, to be measured and to be sent: the first 1,000 are made once. */
export function headerName(name: string): Buffer {
  const known = KNOWN.get(name);
  if (known !== undefined) return known;
  const bytes = Buffer.from(name);
  if (KNOWN.size < MOST_KNOWN) KNOWN.set(name, bytes);
  return bytes;
}
