import { z } from 'zod';
import { roleNames } from '../../access/index.ts';
import type { User, UserSession } from '../../people/index.ts';

/** A user as the API shows them. */
export const userView = z.object({
  id: z.string(),
  email: z.string(),
  name: z.string(),
  role: z.enum(roleNames),
  scope: z.enum(['all', 'own', 'modules', 'subjects']),
  hostId: z.string().nullable(),
  modules: z.array(z.string()),
  subjects: z.array(z.string()),
  ledgers: z.array(z.string()).nullable(),
  permissions: z.array(z.string()),
  state: z.enum(['invited', 'active', 'disabled']),
  totp: z.boolean(),
  createdAt: z.string(),
  lastSignInAt: z.string().nullable(),
});

export const sessionView = z.object({
  id: z.string(),
  createdAt: z.string(),
  seenAt: z.string(),
  expiresAt: z.string(),
  address: z.string().nullable(),
  userAgent: z.string().nullable(),
});

export function shownUser(user: User): z.infer<typeof userView> {
  const { tenant: _, createdAt, lastSignInAt, ...rest } = user;
  return {
    ...rest,
    createdAt: new Date(createdAt).toISOString(),
    lastSignInAt: lastSignInAt === null ? null : new Date(lastSignInAt).toISOString(),
  };
}

export function shownSession(session: UserSession): z.infer<typeof sessionView> {
  const { createdAt, seenAt, expiresAt, ...rest } = session;
  return {
    ...rest,
    createdAt: new Date(createdAt).toISOString(),
    seenAt: new Date(seenAt).toISOString(),
    expiresAt: new Date(expiresAt).toISOString(),
  };
}
