/** A ledger in C2SP layout (tlog-tiles), wherever it is. Nothing that it says is believed. */
export interface LedgerFiles {
  /** How to call it in messages. */
  readonly name: string;
  /** Whether entries may still be published while it is read. */
  readonly grows: boolean;
  /** The signed note; rejects with `CliError` when there is none. */
  checkpoint(): Promise<string>;
  /** What it states of entries that retention removed (`retention`, JSON); undefined where it states nothing. */
  retention(): Promise<string | undefined>;
  /** A file by its path below the ledger, such as `tile/0/000`; undefined when absent. */
  read(path: string): Promise<Uint8Array | undefined>;
}
