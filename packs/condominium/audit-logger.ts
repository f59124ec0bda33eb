import type { Capture, Captured, JsonObject } from '@bitacora/event';
import { activityEvent, type HostActivity, type HostObject } from './activity-event.ts';
import type { HostUser } from './host-user.ts';

/** The arguments that every function of the logger takes beside its own. */
type Shared = Pick<
  HostActivity,
  | 'usuario'
  | 'ip_address'
  | 'user_agent'
  | 'datos_adicionales'
  | 'nivel_importancia'
  | 'timestamp'
  | 'duration_ms'
  | 'token_session'
>;
type Described = Shared & { readonly descripcion?: string };
type SignIn = Described & {
  /** The user name of the attempt, when there is no such user. */
  readonly username?: string;
  readonly es_exitoso?: boolean | null;
  readonly mensaje_error?: string | null;
};
type OnObject = Described & {
  readonly objeto: HostObject;
  readonly datos_anteriores?: JsonObject | null;
  readonly datos_nuevos?: JsonObject | null;
};
type OnProfile = Described &
  Pick<HostActivity, 'datos_anteriores' | 'datos_nuevos'> & {
    readonly usuario_afectado?: HostUser;
  };

/** `AuditoriaLogger` of the hosts: the same names in camelCase, the same keys. */
export function auditLogger(capture: Capture) {
  const log = (activity: HostActivity): Captured => capture(activityEvent(activity));
  return {
    registrarActividad: log,
    registrarLogin: ({ username, ...input }: SignIn) =>
      log({
        ...input,
        tipo_actividad: 'login',
        descripcion:
          input.descripcion ??
          `${input.es_exitoso === false ? 'Inicio de sesión fallido' : 'Inicio de sesión exitoso'} para ${username ?? nameOf(input.usuario)}`,
        nivel_importancia: input.nivel_importancia ?? (input.es_exitoso === false ? 'alto' : 'medio'),
        ...(username === undefined ? {} : { datos_adicionales: { ...input.datos_adicionales, username } }),
      }),
    registrarLogout: (input: Described) =>
      log({
        ...input,
        tipo_actividad: 'logout',
        descripcion: input.descripcion ?? `Cierre de sesión de ${nameOf(input.usuario)}`,
      }),
    registrarCreacion: (input: OnObject) => log(onObject('crear', 'Creó', input)),
    registrarActualizacion: (input: OnObject) => log(onObject('actualizar', 'Actualizó', input)),
    registrarEliminacion: (input: OnObject) => log(onObject('eliminar', 'Eliminó', input)),
    registrarPago: ({
      cargo,
      referencia_pago,
      monto,
      ...input
    }: Described & {
      readonly cargo: HostObject;
      readonly referencia_pago: string;
      readonly monto: string | number;
    }) =>
      log({
        ...input,
        tipo_actividad: 'pago',
        descripcion: input.descripcion ?? `Pago ${referencia_pago} de ${monto}`,
        objeto_afectado: typeof cargo === 'number' ? { content_type: 'cargo', object_id: cargo } : cargo,
        datos_adicionales: { ...input.datos_adicionales, referencia_pago, monto: String(monto) },
      }),
    registrarCambioPerfil: (input: OnProfile) => log(onProfile('cambio_perfil', 'Cambio de perfil', input)),
    registrarCambioRol: ({
      rol_anterior,
      rol_nuevo,
      ...input
    }: OnProfile & { readonly rol_anterior?: string; readonly rol_nuevo?: string }) =>
      log(
        onProfile('cambio_rol', 'Cambio de rol', {
          ...input,
          ...(rol_anterior === undefined
            ? {}
            : { datos_anteriores: { ...input.datos_anteriores, rol: rol_anterior } }),
          ...(rol_nuevo === undefined ? {} : { datos_nuevos: { ...input.datos_nuevos, rol: rol_nuevo } }),
        }),
      ),
    registrarErrorSistema: ({
      error,
      contexto,
      ...input
    }: Described & { readonly error: unknown; readonly contexto?: string }) =>
      log({
        ...input,
        tipo_actividad: 'error_sistema',
        descripcion: input.descripcion ?? `Error del sistema${contexto === undefined ? '' : `: ${contexto}`}`,
        es_exitoso: false,
        mensaje_error: errorText(error),
        ...(contexto === undefined ? {} : { datos_adicionales: { ...input.datos_adicionales, contexto } }),
      }),
    registrarAccesoDenegado: ({
      recurso,
      motivo,
      ...input
    }: Described & { readonly recurso: string; readonly motivo?: string }) =>
      log({
        ...input,
        tipo_actividad: 'acceso_denegado',
        descripcion: input.descripcion ?? `Acceso denegado a ${recurso}`,
        es_exitoso: false,
        ...(motivo === undefined ? {} : { mensaje_error: motivo }),
        datos_adicionales: {
          ...input.datos_adicionales,
          recurso,
          ...(motivo === undefined ? {} : { motivo }),
        },
      }),
  };
}

function onObject(kind: string, verb: string, { objeto, ...input }: OnObject): HostActivity {
  const name = typeof objeto === 'object' ? (objeto.str ?? objeto.nombre ?? objeto.content_type) : objeto;
  return {
    ...input,
    tipo_actividad: kind,
    descripcion: input.descripcion ?? `${verb} ${name ?? 'un registro'}`,
    objeto_afectado: objeto,
  };
}

function onProfile(kind: string, what: string, { usuario_afectado, ...input }: OnProfile): HostActivity {
  const whom = usuario_afectado ?? input.usuario ?? null;
  // An object without an id gives an empty id, so that the event is refused.
  const id = typeof whom === 'object' ? whom && (whom.id ?? '') : whom;
  return {
    ...input,
    tipo_actividad: kind,
    descripcion: input.descripcion ?? `${what} de ${nameOf(whom)}`,
    ...(id === undefined || id === null
      ? {}
      : { objeto_afectado: { content_type: 'usuario', object_id: id, str: nameOf(whom) } }),
  };
}

function nameOf(user: HostUser | undefined): string {
  if (user === undefined || user === null) return 'sistema';
  if (typeof user !== 'object') return String(user);
  return user.username ?? user.nombre_completo ?? user.email ?? String(user.id);
}

function errorText(error: unknown): string {
  if (error instanceof Error) return error.message;
  if (typeof error === 'object' && error !== null && 'message' in error && typeof error.message === 'string')
    return error.message;
  return typeof error === 'string' ? error : JSON.stringify(error ?? null);
}
