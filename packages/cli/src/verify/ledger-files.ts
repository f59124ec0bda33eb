/**
 * A ledger in C2SP layout (tlog-tiles), on a server or in a folder. The verifier trusts nothing in it before it is
 * checked.
 */
export interface LedgerFiles {
  /** The name of the ledger in messages. */
  readonly name: string;
  /** Whether entries may still be published while it is read. */
  readonly grows: boolean;
  /** The signed note; rejects with `CliError` when there is none. */
  checkpoint(): Promise<string>;
  /** The ledger's own statement of the entries that retention removed (`retention`, JSON); undefined when it has none. */
  retention(): Promise<string | undefined>;
  /** A file by its path below the ledger, such as `tile/0/000`; undefined when absent. */
  read(path: string): Promise<Uint8Array | undefined>;
}
