import { createAudit, type Audit } from '@bitacora/sdk';

/** An audit whose events go only to the outbox of the host's database. */
export function unsentAudit(name: string): Audit {
  return createAudit({
    name,
    mode: 'outbox',
    transport: () => Promise.reject(new Error('nothing is sent')),
  });
}
