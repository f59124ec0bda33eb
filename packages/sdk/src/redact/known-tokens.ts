/** Kinds of secrets that can be recognised by their own form; the kind is part of the text that replaces one. */
const kinds: readonly (readonly [kind: string, form: string])[] = [
  ['jwt', String.raw`eyJ[\w-]{5,}\.[\w-]{5,}(?:\.[\w-]*)*`],
  ['aws-key', String.raw`(?:A3T[A-Z\d]|AKIA|ASIA|ABIA|ACCA)[A-Z\d]{16}(?![A-Za-z\d])`],
  ['github-token', String.raw`gh[pousr]_[A-Za-z\d]{20,}|github_pat_\w{20,}`],
  ['gitlab-token', String.raw`gl(?:pat|dt|rt|soat|oas|cbt|ptt|ft|imt|agent|ffct)-[\w.-]{16,}`],
  ['slack-token', String.raw`xox[abceoprs](?:\.xox[bp])?-[\w-]{10,}|xapp-\d-[\w-]{10,}|xwfp-[\w-]{10,}`],
  ['slack-webhook', String.raw`hooks\.slack\.com\/(?:services|workflows|triggers)\/[\w/]{10,}`],
  ['stripe-key', String.raw`[sr]k_(?:live|test)_\w{10,}|whsec_[\w+/=]{16,}`],
  ['google-key', String.raw`AIza[\w-]{30,}|GOCSPX-[\w-]{20,}|ya29\.[\w-]{20,}|1\/\/0[\w-]{20,}`],
  ['npm-token', String.raw`npm_[A-Za-z\d]{30,}`],
  ['pypi-token', String.raw`pypi-[\w-]{32,}`],
  ['api-key', String.raw`sk-(?=[\w-]*\d)[\w-]{20,}`],
  [
    'api-key',
    String.raw`(?:dop|doo|dor)_v1_[\da-f]{40,}|shp(?:at|ca|pa|ss)_[\da-fA-F]{32}|hf_[A-Za-z\d]{30,}`,
  ],
  ['api-key', String.raw`SG\.[\w-]{16,}\.[\w-]{16,}|SK[\da-f]{32}|key-[\da-f]{32}|\d{8,10}:AA[\w-]{30,}`],
  [
    'api-key',
    String.raw`dapi[\da-f]{32}|sq0(?:atp|csp)-[\w-]{22,}|ATATT3[\w=-]{20,}|lin_api_\w{32,}|ntn_\w{40,}`,
  ],
  [
    'api-key',
    String.raw`hv[sb]\.[\w-]{20,}|AGE-SECRET-KEY-1[A-Z\d]{40,}|bta_(?:live|test)_[\w-]{16,}|glc_[\w+/=]{32,}`,
  ],
  [
    'api-key',
    String.raw`rubygems_[\da-f]{40,}|PMAK-[\da-f-]{40,}|NRAK-[A-Z\d]{27}|sntrys_[\w+/=]{40,}|figd_[\w-]{36,}`,
  ],
];

const anyToken = new RegExp(`(?<![A-Za-z\\d])(?:${kinds.map(([, form]) => form).join('|')})`, 'g');
const tokenKinds = kinds.map(([kind, form]) => ({ kind, form: new RegExp(`^(?:${form})`) }));
// A key that is cut off at the end of the text counts too.
const privateKey =
  /-----BEGIN [A-Z\d ]*PRIVATE KEY(?: BLOCK)?-----[^]*?(?:-----END [A-Z\d ]*PRIVATE KEY(?: BLOCK)?-----|$)/g;

/** Replaces keys and tokens of known makers, JSON Web Tokens and private keys. */
export function redactKnownTokens(text: string): string {
  const withoutKeys = text.includes('-----BEGIN ')
    ? text.replace(privateKey, '[redacted:private-key]')
    : text;
  return withoutKeys.replace(anyToken, (token) => {
    const match = tokenKinds.find(({ form }) => form.test(token));
    return `[redacted:${match?.kind ?? 'token'}]`;
  });
}

const awsSecretLength = 40;
const entropyMinBits = 4;
const caseChangesMin = 12;

/** Replaces AWS secret access keys, which have no prefix: 40 mixed characters that are neither a hash nor words. */
export function redactAwsSecrets(text: string): string {
  return text.replace(/(?<![A-Za-z\d/+])[A-Za-z\d/+]{40}(?![A-Za-z\d/+=])/g, (run) =>
    looksRandom(run) ? '[redacted:aws-secret]' : run,
  );
}

function looksRandom(run: string): boolean {
  if (!/[A-Z].*[A-Z].*[A-Z]/.test(run) || !/[a-z].*[a-z].*[a-z]/.test(run)) return false;
  // Names and paths in programs change between lower and upper case only where a word begins.
  if (!/[\d+]/.test(run) && (run.match(/[a-z](?=[A-Z])|[A-Z](?=[a-z])/g) ?? []).length < caseChangesMin)
    return false;
  if (/[a-z]{10}/.test(run)) return false;
  const counts = new Map<string, number>();
  for (const sign of run) counts.set(sign, (counts.get(sign) ?? 0) + 1);
  let bits = 0;
  for (const count of counts.values()) bits -= (count / awsSecretLength) * Math.log2(count / awsSecretLength);
  return bits >= entropyMinBits;
}
