/** Throws a TypeError for an option that cannot work. */
export type RefuseUnless = (valid: boolean, option: string, needed: string) => void;

/** Makes the function whose TypeErrors name the function to which the options belong. */
export function refusalsOf(name: string): RefuseUnless {
  return (valid, option, needed) => {
    if (!valid) throw new TypeError(`${name}: ${option}: ${needed}`);
  };
}

/** The address of the server that is read, and the key: from the options or the environment. TypeError for what cannot work. */
export function readerAddress(
  options: { readonly url?: string | undefined; readonly key?: string | undefined },
  environment: NodeJS.ProcessEnv,
  refuseUnless: RefuseUnless,
): { url: string; key: string } {
  const url = options.url ?? environment['BITACORA_URL'] ?? '';
  const key = options.key ?? environment['BITACORA_API_KEY'] ?? '';
  refuseUnless(
    /^https?:\/\//.test(url) && URL.canParse(url),
    'url',
    'an http(s) URL, here or as BITACORA_URL',
  );
  refuseUnless(
    /^[\x21-\x7e]+$/.test(key),
    'key',
    'an API key with the scope read, here or as BITACORA_API_KEY',
  );
  return { url: url.replace(/\/+$/, ''), key };
}
