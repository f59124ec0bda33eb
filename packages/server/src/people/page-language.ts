export const pageLanguages = ['en', 'es', 'ru'] as const;
export type PageLanguage = (typeof pageLanguages)[number];

/** The language of our pages that fits an `Accept-Language` header best; English when none fits. */
export function pageLanguageOf(header: string | undefined): PageLanguage {
  const wanted = (header ?? '')
    .slice(0, 500)
    .split(',')
    .map((part) => {
      const [tag = '', ...parameters] = part.trim().toLowerCase().split(';');
      const q = /^q=([\d.]+)$/.exec(parameters[0]?.trim() ?? '')?.[1];
      return {
        language: pageLanguages.find((known) => tag.split('-')[0] === known),
        weight: q === undefined ? 1 : Number(q),
      };
    })
    .filter(({ language, weight }) => language !== undefined && weight > 0)
    .sort((a, b) => b.weight - a.weight);
  return wanted[0]?.language ?? 'en';
}
