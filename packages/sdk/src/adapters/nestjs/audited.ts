import type { RequestPolicy } from '../request/request-options.ts';

// The policy is kept on the function itself, like Nest's own metadata: decorators that keep the function keep the policy.
const key = Symbol.for('bitacora.request-policy');

/**
 * `@Audited({ action: 'invoice.approve', level: 'high' })` on a handler or a controller sets fields of its requests' events.
 * Works as a legacy decorator, which Nest uses, and as a standard one.
 */
export function Audited(
  policy: RequestPolicy,
): (target: object, name?: unknown, descriptor?: { readonly value?: unknown }) => void {
  return (target, _name, descriptor) => {
    const audited = descriptor?.value ?? target;
    if (typeof audited === 'function') Object.defineProperty(audited, key, { value: policy });
  };
}

/** The policy of a handler. Its fields replace those of its controller's policy. */
export function policyOfHandler(controller: object, handler: object): RequestPolicy | undefined {
  const outer = policyOn(controller);
  const inner = policyOn(handler);
  return outer && inner ? { ...outer, ...inner } : (inner ?? outer);
}

function policyOn(audited: object & { readonly [key]?: RequestPolicy }): RequestPolicy | undefined {
  return audited[key];
}
