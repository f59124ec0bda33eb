import type { RequestPolicy } from '../request/request-options.ts';

// On the function itself, as Nest's own metadata: other decorators that keep the function keep the policy.
const key = Symbol.for('bitacora.request-policy');

/**
 * `@Audited({ action: 'invoice.approve', level: 'high' })` on a handler or a controller: what its requests' events say.
 * For legacy decorators, which Nest uses, and for standard ones.
 */
export function Audited(
  policy: RequestPolicy,
): (target: object, name?: unknown, descriptor?: { readonly value?: unknown }) => void {
  return (target, _name, descriptor) => {
    const audited = descriptor?.value ?? target;
    if (typeof audited === 'function') Object.defineProperty(audited, key, { value: policy });
  };
}

/** The policy of a handler over that of its controller. */
export function policyOfHandler(controller: object, handler: object): RequestPolicy | undefined {
  const [outer, inner] = [policyOn(controller), policyOn(handler)];
  return outer && inner ? { ...outer, ...inner } : (inner ?? outer);
}

function policyOn(audited: object & { readonly [key]?: RequestPolicy }): RequestPolicy | undefined {
  return audited[key];
}
