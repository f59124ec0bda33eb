/**
 * The signed notes in a file, one after the other with blank lines between them. Each note also has a blank line before its
 * signatures. A last note without signatures (the machine stopped while writing) is left out.
 */
export function splitNotes(text: string): string[] {
  const blocks = text
    .replaceAll('\r\n', '\n')
    .split(/\n{2,}/)
    .map((block) => block.replace(/^\n+|\n+$/g, ''))
    .filter((block) => block !== '');
  const notes: string[] = [];
  let body: string | undefined;
  for (const block of blocks) {
    if (!block.startsWith('— ')) body = block;
    else if (body !== undefined) {
      notes.push(`${body}\n\n${block}\n`);
      body = undefined;
    }
  }
  return notes;
}
