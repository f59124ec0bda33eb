/** How the settings of one part are read from the table of all. */
export interface SettingReader<Name extends string> {
  /** What the environment says, or the table's own. */
  text(name: Name): string;
  /** @throws AuditError invalid_parameter naming the variable */
  number(name: Name, least: number, most: number): number;
  /** @throws AuditError invalid_parameter naming the variable */
  refuse(name: Name, detail: string): never;
}
