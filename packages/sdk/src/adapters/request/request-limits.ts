/**
 * The limits for the recorded parts of a request. An event has at most 60 KiB, and a client must not be able to make the event
 * of its own request larger. A value above a limit is replaced by its length and never cut, because half a secret is not
 * recognised as a secret.
 */
export const requestLimits = Object.freeze({
  urlLengthMaxChars: 8_192,
  userAgentLengthMaxChars: 1_024,
  /** Each text among parameters and in a body. */
  textLengthMaxChars: 1_024,
  /** All texts and keys of the parameters together, as JSON in UTF-8; a body may have as much again. */
  textsMaxBytes: 10_240,
  /** Members of all objects and arrays together. */
  membersMax: 150,
  depthMax: 8,
  errorLengthMaxChars: 2_048,
  /** Addresses in a header of proxies; those farther away are not read. */
  hopsMax: 30,
});
