export { createActivityLog, type ActivityLog } from './activity-log.ts';
export type { RecentCounters } from './counters.ts';
export { createRecent, type OpenRecent, type Recent, type RecentStatus } from './recent.ts';
export { comparePlaces, later, type Place as RecentPlace, type RecentEntry } from './recent-entry.ts';
export { dayMs, fieldAlwaysHeld, type RecentSettings } from './recent-settings.ts';
export type { RecentSource } from './recent-source.ts';
export type { EarlyState } from './window-state.ts';
export type { HeldEntry, KeyList, Window } from './window.ts';
