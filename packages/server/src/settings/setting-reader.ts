/** Reads the settings of one part of the table. */
export interface SettingReader<Name extends string> {
  /** The value of the variable, or the default of the table. */
  text(name: Name): string;
  /** @throws AuditError invalid_parameter naming the variable */
  number(name: Name, least: number, most: number): number;
  /** @throws AuditError invalid_parameter naming the variable */
  refuse(name: Name, detail: string): never;
}
