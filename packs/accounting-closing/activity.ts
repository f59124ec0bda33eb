import type { EventInput, JsonObject, JsonValue, Outcome } from '@bitacora/event';
import { idText } from '@bitacora/pack-kit';

/** The arguments of `registrarActividadTarjeta`, with the keys of the hosts. `usuario` is an id of the directory. */
export type Activity = {
  readonly cliente_id: string | number;
  readonly periodo: string;
  readonly tarjeta: string;
  readonly accion: string;
  readonly descripcion: string;
  readonly usuario?: string | number | null;
  readonly detalles?: JsonValue;
  readonly resultado?: Result | null;
  readonly ip_address?: string | null;
};

export const results = ['exito', 'error', 'advertencia'] as const;
export type Result = (typeof results)[number];

const outcomeOf: Readonly<Record<Result, Outcome>> = {
  exito: 'success',
  error: 'failure',
  advertencia: 'warning',
};

/** One activity on a card of the closing of a client and period. */
export function activityEvent(activity: Activity): EventInput & {
  readonly action: 'card.activity';
  readonly attributes: JsonObject;
} {
  const { cliente_id, periodo, tarjeta, accion, descripcion, usuario, detalles, ip_address } = activity;
  const resultado = activity.resultado ?? 'exito';
  const isUser = usuario !== undefined && usuario !== null;
  return {
    action: 'card.activity',
    actor: isUser
      ? { type: 'user', id: idText(usuario) }
      : { type: 'system', id: 'sistema', name: 'Sistema' },
    subject: { type: 'client', id: idText(cliente_id) },
    target: { type: 'closing', id: closingId(cliente_id, periodo) },
    description: descripcion,
    outcome: outcomeOf[resultado],
    ...(ip_address === undefined || ip_address === null ? {} : { client: { ip: ip_address } }),
    attributes: {
      cliente_id,
      periodo,
      tarjeta,
      accion,
      resultado,
      detalles: detalles ?? {},
      ...(isUser ? { usuario_id: usuario } : {}),
    },
  };
}

/** The id of a closing in the directory. */
export function closingId(client: string | number, period: string): string {
  return `${client}/${period}`;
}
