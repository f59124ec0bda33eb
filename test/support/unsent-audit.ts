import { createAudit, type Audit } from '@bitacora/sdk';

/** An audit whose events go to the outbox of the host's database, and nowhere else. */
export function unsentAudit(name: string): Audit {
  return createAudit({
    name,
    mode: 'outbox',
    transport: () => Promise.reject(new Error('nothing is sent')),
  });
}
