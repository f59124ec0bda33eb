/** A row that cannot become an event; the reason goes to the report. */
export class RowError extends Error {
  override readonly name = 'RowError';
}
