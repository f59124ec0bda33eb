import { decodeJwt, decodeProtectedHeader } from 'jose';
import { z } from 'zod';
import { tenantNamePattern } from './tenants.ts';
import { kidPattern } from './viewer-keys.ts';

const rolesMax = 20;
const roleCharsMax = 200;
const issuerCharsMax = 2_000;
const nameCharsMax = 2_000;

/** PostgreSQL stores no U+0000, and an event holds no half of a surrogate pair. */
const isStorable = (text: string): boolean => !text.includes('\0') && text.isWellFormed();
const text = (charsMax: number): z.ZodString => z.string().max(charsMax).refine(isStorable);

const headerSchema = z.object({ alg: z.string(), kid: z.string().regex(kidPattern) });
const claimsSchema = z.object({
  iss: text(issuerCharsMax),
  sub: z
    .string()
    .regex(/^.{1,200}$/su)
    .refine(isStorable),
  tenant: z.string().regex(tenantNamePattern),
  roles: z.array(text(roleCharsMax)).max(rolesMax),
  exp: z.number(),
  iat: z.number().optional(),
  nbf: z.number().optional(),
  name: text(nameCharsMax).nullish(),
});

/** What a token says, of the right types. Nobody has checked its signature yet. */
export interface TokenParts {
  readonly kid: string;
  readonly claims: z.infer<typeof claimsSchema>;
}

/**
 * Reads header and claims of a token before anything is looked up by them: whoever sends a token chooses every byte of it.
 * Undefined when a part is missing or has another form. @throws JOSEError, TypeError for a text that is no token
 */
export function readTokenParts(token: string): TokenParts | undefined {
  const header = headerSchema.safeParse(decodeProtectedHeader(token));
  const claims = claimsSchema.safeParse(decodeJwt(token));
  return header.success && claims.success ? { kid: header.data.kid, claims: claims.data } : undefined;
}
