import type { Param, Params } from '@bitacora/pack-kit';
import { importanceNames } from './importance.ts';

const kindCharsMax = 100;
/**
 * The limit is generous, because the event has its own limits. Empty texts are allowed, because hosts send them for
 * unknown values.
 */
const text: Param = { in: 'body', type: 'string', min: 0, max: 60_000 };
const needed = { in: 'body', required: true } as const;
const object: Param = { in: 'body', type: 'object' };
const any: Param = { in: 'body', type: 'json' };

const shared: Params = {
  usuario: any,
  ip_address: text,
  user_agent: text,
  datos_adicionales: object,
  nivel_importancia: { in: 'body', type: { enum: importanceNames } },
  timestamp: text,
  duration_ms: { in: 'body', type: 'number', min: 0 },
  token_session: text,
  descripcion: text,
  es_exitoso: { in: 'body', type: 'boolean' },
  mensaje_error: text,
};
const states: Params = { datos_anteriores: object, datos_nuevos: object };
const onObject: Params = { ...shared, ...states, objeto: { ...needed, type: 'json' } };
const onProfile: Params = { ...shared, ...states, usuario_afectado: any };

/** The arguments of each function of the logger, which the server checks. */
export const loggerArguments: Readonly<Record<string, Params>> = {
  registrarActividad: {
    ...shared,
    ...states,
    objeto_afectado: any,
    tipo_actividad: { ...needed, type: 'string', max: kindCharsMax },
  },
  registrarLogin: { ...shared, username: text },
  registrarLogout: shared,
  registrarCreacion: onObject,
  registrarActualizacion: onObject,
  registrarEliminacion: onObject,
  registrarPago: {
    ...shared,
    cargo: { ...needed, type: 'json' },
    referencia_pago: { ...needed, type: 'scalar' },
    monto: { ...needed, type: 'scalar' },
  },
  registrarCambioPerfil: onProfile,
  registrarCambioRol: { ...onProfile, rol_anterior: text, rol_nuevo: text },
  registrarErrorSistema: { ...shared, error: { ...needed, type: 'json' }, contexto: text },
  registrarAccesoDenegado: { ...shared, recurso: { ...text, min: 1, required: true }, motivo: text },
};

const affected = ['objeto_afectado', 'objeto', 'cargo', 'usuario_afectado'];

/** Field of an event → its key in this pack. */
export const fieldNames: Readonly<Record<string, string | readonly string[]>> = {
  'actor.id': 'usuario',
  'actor.name': 'usuario',
  'actor.email': 'usuario',
  'actor.role': 'usuario',
  'client.ip': 'ip_address',
  'client.userAgent': 'user_agent',
  'target.id': affected,
  'target.name': affected,
  'target.type': affected,
  outcome: 'es_exitoso',
  level: 'nivel_importancia',
  description: 'descripcion',
  occurredAt: 'timestamp',
  durationMs: 'duration_ms',
  sessionId: 'token_session',
  'error.message': 'mensaje_error',
  'attributes.datos_adicionales': 'datos_adicionales',
};
