/**
 * What is kept of a request, whoever sent it: an event has at most 60 KiB, and no request may be able to push its own
 * event above that. What exceeds a limit is replaced by its length, never halved: half a secret is not recognised as one.
 */
export const requestLimits = Object.freeze({
  urlLengthMaxChars: 8_192,
  userAgentLengthMaxChars: 1_024,
  /** Each text among parameters and in a body. */
  textLengthMaxChars: 1_024,
  /** All texts and keys of the parameters together, as JSON in UTF-8; the same again for a body. */
  textsMaxBytes: 10_240,
  /** Members of all objects and arrays together. */
  membersMax: 150,
  depthMax: 8,
  errorLengthMaxChars: 2_048,
  /** Addresses in a header of proxies; what lies farther away is not looked at. */
  hopsMax: 30,
});
