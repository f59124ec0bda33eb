import {
  groupNames,
  join,
  openCommitment,
  parseEntry,
  parseJson,
  type Entry,
  type EventView,
  type GroupName,
  type GroupValues,
  type OpenEvent,
} from '@bitacora/event';
import { eachInTurn, type LoopTurns } from '../loop-turns.ts';
import type { Client } from '../storage/index.ts';
import type { Persons } from './persons.ts';
import type { StoredEntry } from './read-entries.ts';
import { groupKey, mask, personsOf, saltOf } from './seal.ts';
import { sha256 } from './sha256.ts';
import type { TenantKeys } from './tenant-keys.ts';
import { decodeValues, type ValuesRecord } from './values-record.ts';

export interface EntryView {
  index: number;
  id: string;
  ledger: string;
  ingestedAt: string;
  leafHash: Buffer;
  event: EventView;
  /** The part of the event that is not personal, as in the entry. */
  open: OpenEvent;
  /** Groups whose stored values do not fit the entry's commitment, because somebody changed them. They are not shown. */
  altered?: GroupName[];
}

/**
 * Joins entries with the personal values that still exist, checking each group against its commitment.
 * @throws EventError invalid_entry when the stored bytes are no entry.
 */
export async function eventViews(
  client: Client,
  entries: readonly StoredEntry[],
  options: { persons: Persons; tenantKeys: TenantKeys; turns?: LoopTurns | undefined },
): Promise<EntryView[]> {
  const { turns } = options;
  const parsed = await eachInTurn(
    entries,
    (stored) => {
      const entry = parseEntry(stored.entry);
      return {
        stored,
        entry,
        persons: personsOf(entry.open, options.tenantKeys),
        record: stored.values && decodeValues(stored.values),
      };
    },
    turns,
  );
  const tokens = new Set<string>();
  const profileIds = new Set<number>();
  for (const { persons, record } of parsed) {
    tokens.add(persons.actor);
    if (persons.subject !== undefined) tokens.add(persons.subject);
    for (const id of [record?.actorProfile ?? 0, record?.subjectProfile ?? 0]) {
      if (id > 0 && Number.isSafeInteger(id)) profileIds.add(id);
    }
  }
  const keys = await options.persons.readKeys(client, tokens);
  const profiles = await options.persons.readProfiles(client, profileIds);
  const joined = ({ stored, entry, persons, record }: (typeof parsed)[number]): EntryView => {
    const canonicalOf = (group: GroupName): string | undefined => {
      // An erasure leaves an empty record. When the record or the profile is missing, somebody removed it: '' fits no
      // commitment, so the group shows as altered.
      if (!record) return stored.values ? undefined : '';
      if (group === 'actor')
        return record.actorProfile > 0 ? (profiles.get(record.actorProfile) ?? '') : '{}';
      if (group === 'subject') return profiles.get(record.subjectProfile) ?? '';
      const key = groupKey('text', persons, keys);
      return key && mask(record.text, key, saltOf(key, 'text', recordOf(entry, record))).toString('utf8');
    };
    const groups = openGroups(entry, {
      canonicalOf,
      saltOf: (group) => {
        const key = groupKey(group, persons, keys);
        return key && saltOf(key, group, recordOf(entry, record));
      },
    });
    return view(stored, entry, groups);
  };
  return eachInTurn(parsed, joined, turns);
}

interface OpenedGroups {
  values: { [Name in GroupName]?: GroupValues };
  erased: GroupName[];
  altered: GroupName[];
}

function openGroups(
  entry: Entry,
  reader: {
    canonicalOf: (group: GroupName) => string | undefined;
    saltOf: (group: GroupName) => Buffer | undefined;
  },
): OpenedGroups {
  const opened: OpenedGroups = { values: {}, erased: [], altered: [] };
  for (const group of groupNames) {
    const commitment = entry.commitments[group];
    if (commitment === undefined) continue;
    const salt = reader.saltOf(group);
    const canonical = reader.canonicalOf(group);
    if (salt === undefined || canonical === undefined) opened.erased.push(group);
    else if (openCommitment({ salt, group, canonical, commitment, sha256 }))
      opened.values[group] = parseValues(canonical);
    else opened.altered.push(group);
  }
  return opened;
}

function view(stored: StoredEntry, entry: Entry, groups: OpenedGroups): EntryView {
  const entryView: EntryView = {
    index: stored.index,
    id: entry.open.id,
    ledger: entry.ledger,
    ingestedAt: entry.ingestedAt,
    leafHash: stored.leafHash,
    open: entry.open,
    event: join(entry.open, groups.values, [...groups.erased, ...groups.altered]),
  };
  if (groups.altered.length > 0) entryView.altered = groups.altered;
  return entryView;
}

/** The values of a group from their canonical JSON. */
export function parseValues(canonical: string): GroupValues {
  return parseJson(canonical) as GroupValues;
}

/** Without a record no salt fits a commitment. */
function recordOf(
  { ledger, open }: Entry,
  record: ValuesRecord | undefined,
): { ledger: string; id: string; nonce: Buffer } {
  return { ledger, id: open.id, nonce: record?.nonce ?? Buffer.alloc(0) };
}
