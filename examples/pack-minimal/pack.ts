import { definePack, packRoute } from '@bitacora/pack-kit';

type Lending = { readonly librarian: string; readonly reader: string; readonly book: string };
const say = (en: string, es: string, ru: string) => ({ en, es, ru });
const lent = { action: 'book.lend', actor: { id: 'lia' } } as const;
const lentBySystem = { action: 'book.lend', actor: { type: 'system', id: 'import' } } as const;

/** A public library lends books. Its events are kept for two years. */
export const library = definePack({
  name: 'library',
  actions: {
    'book.lend': { operation: 'create', labels: say('Book lent', 'Libro prestado', 'Книга выдана') },
    'book.return': {
      operation: 'update',
      labels: say('Book returned', 'Libro devuelto', 'Книга возвращена'),
    },
  },
  attributes: { branch: 'string', dueOn: 'date' },
  indexed: ['attributes.branch'],
  personal: { notPersonal: { 'targets.name': 'titles of books' } },
  retention: { days: 730 },
  loggers: (capture) => ({
    lend: ({ librarian, reader, book }: Lending) =>
      capture({
        ...lent,
        actor: { id: librarian },
        subject: { id: reader },
        target: { type: 'book', id: book },
      }),
  }),
  rules: {
    'lent-by-system': {
      labels: say('A loan by the system', 'Préstamo del sistema', 'Выдача системой'),
      sigma: { detection: { loan: { action: 'book.lend', 'actor.type': 'system' }, condition: 'loan' } },
      examples: [
        { matches: true, events: [lentBySystem] },
        { matches: false, events: [lent] },
      ],
    },
  },
  reports: {
    branches: {
      labels: say('Loans by branch', 'Préstamos por sede', 'Выдачи по филиалам'),
      permission: 'reports',
      plan: () => ({ branches: { read: 'facets', fields: ['attributes.branch'] } }),
      shape: ({ branches = null }) => ({
        tables: [{ title: 'branches', columns: ['loans'], rows: [[branches]] }],
      }),
    },
  },
  views: { loans: { labels: say('Loans', 'Préstamos', 'Выдачи'), columns: ['at', 'actor', 'target'] } },
  routes: [
    packRoute({
      method: 'GET',
      path: '/api/library/books/{book}/loans/',
      params: { book: { in: 'path', type: 'string' } },
      permission: 'search',
      plan: ({ book }) => ({ loans: { read: 'search', filters: { target: `book/${book}` } } }),
      shape: ({ loans }) => loans,
    }),
  ],
  examples: [{ ...lent, attributes: { branch: 'north', dueOn: '2026-03-01' } }],
});
