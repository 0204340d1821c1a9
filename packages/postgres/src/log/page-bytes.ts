/** A page ends with the event that passes this many bytes of payload: what is held of it is bounded by that and one event, however large they all are. */
const PAGE_BYTES = 8 * 1024 * 1024;

/** What a row of a page says beside its event. */
export interface SizedRow {
  /** Bytes of payload of the page so far, this row's among them: the database's, whose encoding need not be ours. */
  readonly bytes: bigint;
}

/** A page's statement, cut at {@link PAGE_BYTES}, in the database: what is beyond is not sent. */
export const sized = (text: string): string => `select * from (
  select page.*, sum(octet_length(payload::text)) over (order by position rows unbounded preceding) as bytes from (${text}) as page
) as sized where bytes - octet_length(payload::text) < ${PAGE_BYTES} order by position`;

/** Whether more may stand behind this row, for the page was cut there. */
export const isCutAfter = ({ bytes }: SizedRow): boolean => bytes >= PAGE_BYTES;
