/**
 * Every limit of an event. Lengths are counted in UTF-16 code units (a JavaScript string's `length`), sizes in
 * UTF-8 bytes. A value beyond its limit is rejected with the name of its field; nothing is cut.
 */
export const limits = Object.freeze({
  /** As received, and as canonical JSON after parsing. */
  eventSizeMaxBytes: 61_440,
  /** C2SP entry bundles carry a 16-bit length before each entry. */
  entrySizeMaxBytes: 65_535,
  eventsPerRequestMax: 10_000,
  depthMax: 32,
  keysMax: 1_000,
  /** The limit of `canonicalJson` alone; an event is at most `depthMax` deep. */
  canonicalDepthMax: 64,
  actionLengthMaxChars: 200,
  /** Ids of actors, subjects and targets. */
  idLengthMaxChars: 512,
  nameLengthMaxChars: 1_024,
  emailLengthMaxChars: 512,
  /** Type words, roles, modules, error codes, countries. */
  wordLengthMaxChars: 200,
  deviceLengthMaxChars: 1_024,
  methodLengthMaxChars: 20,
  /** Session and correlation ids. */
  correlationLengthMaxChars: 200,
  changePathLengthMaxChars: 512,
  tagLengthMaxChars: 200,
  amountLengthMaxChars: 40,
  tagsMax: 50,
  changesMax: 500,
  targetsMax: 50,
  ledgerLengthMaxChars: 200,
  /** A rejection repeats at most this many characters of a path. */
  rejectionFieldMaxChars: 300,
});
