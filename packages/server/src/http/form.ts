const formBytesMax = 16_384;

/**
 * The fields of a page's form (application/x-www-form-urlencoded). The first value counts when a name occurs several
 * times.
 */
export function formOf(body: unknown): Readonly<Record<string, string>> {
  if (!Buffer.isBuffer(body) || body.length > formBytesMax) return {};
  const fields: Record<string, string> = {};
  for (const [name, value] of new URLSearchParams(body.toString('utf8'))) fields[name] ??= value;
  return fields;
}
