import type { EventFilter } from '@bitacora/client';
import type { Command } from 'commander';

/** Adds the filters that search and tail share, one option each. */
export function withEventFilter(command: Command): Command {
  return command
    .argument('[query]', 'query language, such as: actor:ana -action:session.* "wire transfer"')
    .option('--from <time>', 'RFC 3339 or a bare day')
    .option('--to <time>', 'a bare day includes the whole day')
    .option('--actor <text>', 'id, e-mail or name')
    .option('--action <action>')
    .option('--operation <operation>', 'create, read, update, delete, execute')
    .option('--target <type/id>')
    .option('--outcome <outcome>', 'success, failure, warning, skipped, pending')
    .option('--level <level>', 'low, medium, high, critical')
    .option('--module <module>')
    .option('--subject <id>')
    .option('--correlation-id <id>')
    .option('--session-id <id>')
    .option('--ip <address>')
    .option('--ledger <name>');
}

const names = [
  'from',
  'to',
  'actor',
  'action',
  'operation',
  'target',
  'outcome',
  'level',
  'module',
  'subject',
  'correlationId',
  'sessionId',
  'ip',
  'ledger',
] as const;

/** The filter from the options and the query. */
export function eventFilterOf(query: string | undefined, options: EventFilter): EventFilter {
  const filter: { -readonly [Name in keyof EventFilter]: EventFilter[Name] } = {};
  if (query !== undefined) filter.q = query;
  for (const name of names) if (options[name] !== undefined) filter[name] = options[name];
  return filter;
}
