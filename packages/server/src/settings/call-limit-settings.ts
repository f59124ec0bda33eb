import type { CallLimitSettings } from '../http/index.ts';
import type { SettingReader } from './setting-reader.ts';

/** Part of the table of settings. */
export const callLimitSettingTable = {
  callerRequestsPerSecond: {
    variable: 'BITACORA_REQUESTS_PER_SECOND_PER_CALLER',
    fallback: '',
    about:
      'Requests a second that one key, person or user of a host may make on average; each 50 ms of work count as one more; absent: no limit',
  },
  tenantRequestsPerSecond: {
    variable: 'BITACORA_REQUESTS_PER_SECOND_PER_TENANT',
    fallback: '',
    about: 'The same for all callers of one tenant together; absent: no limit',
  },
  addressFailuresPerSecond: {
    variable: 'BITACORA_FAILURES_PER_SECOND_PER_ADDRESS',
    fallback: '50',
    about: 'Requests a second from one address, on average, whose key, token or cookie is not valid',
  },
} as const;

type SettingName = keyof typeof callLimitSettingTable;

const perSecondMax = 1_000_000;

/** @throws AuditError invalid_parameter naming the variable */
export function readCallLimits({ text, number }: SettingReader<SettingName>): CallLimitSettings {
  const limit = (name: SettingName): number | undefined =>
    text(name) === '' ? undefined : number(name, 1, perSecondMax);
  return {
    callerRequestsPerSecond: limit('callerRequestsPerSecond'),
    tenantRequestsPerSecond: limit('tenantRequestsPerSecond'),
    addressFailuresPerSecond: number('addressFailuresPerSecond', 1, perSecondMax),
  };
}
