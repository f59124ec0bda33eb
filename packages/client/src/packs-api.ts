import type { Transport } from './transport.ts';

export type PackLabels = { readonly en: string; readonly es: string; readonly ru: string };

/** What a pack of the server declares, as far as its hosts need it. */
export interface PackDescription {
  readonly name: string;
  readonly actions: Readonly<
    Record<
      string,
      {
        readonly operation: string;
        readonly level?: string;
        readonly module?: string;
        readonly labels: PackLabels;
      }
    >
  >;
  /** Of the events of all its actions, none of them required. Null: any is taken. */
  readonly attributes: Readonly<Record<string, PackAttribute>> | null;
  /** Field → value → what people read. */
  readonly labels: Readonly<Record<string, Readonly<Record<string, PackLabels>>>>;
  readonly loggers: readonly string[];
}

export type PackAttribute =
  'string' | 'number' | 'boolean' | 'date' | 'object' | 'json' | { readonly enum: readonly string[] };

export interface PacksApi {
  list(): Promise<readonly PackDescription[]>;
}

export function createPacksApi(transport: Transport): PacksApi {
  return {
    async list() {
      const { packs } = await transport.json<{ readonly packs: readonly PackDescription[] }>(
        'GET',
        '/v1/packs',
      );
      return packs;
    },
  };
}
