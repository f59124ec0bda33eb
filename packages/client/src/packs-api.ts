import type { Transport } from './transport.ts';

export type PackLabels = { readonly en: string; readonly es: string; readonly ru: string };

/** The part of a pack's declaration that its hosts need. */
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
  /** Attributes that the events of all its actions may have; none is required. Null: any attribute is accepted. */
  readonly attributes: Readonly<Record<string, PackAttribute>> | null;
  /** Field → value → the text that people read. */
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
