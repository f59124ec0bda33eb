export const languages = ['en', 'es', 'ru'] as const;
export type Language = (typeof languages)[number];

/** One text in each language that a pack must speak. */
export type Labels = Readonly<Record<Language, string>>;
/** Field (`outcome`, `attributes.state`) → value → labels. */
export type Vocabulary = Readonly<Record<string, Readonly<Record<string, Labels>>>>;

/** The languages in which `labels` has no text. */
export function missingLanguages(labels: unknown): Language[] {
  const texts: Readonly<Record<string, unknown>> = Object(labels);
  return languages.filter((language) => {
    const text = texts[language];
    return typeof text !== 'string' || text.trim() === '';
  });
}
