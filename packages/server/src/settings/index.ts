export { readSettings, settingTable, type Settings } from './settings.ts';
