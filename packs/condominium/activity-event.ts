import type { Change, EventInput, JsonObject, JsonValue, Outcome } from '@bitacora/event';
import { asGiven, idText, present } from '@bitacora/pack-kit';
import { actorOf, type HostUser } from './host-user.ts';
import { levelOfImportance, importanceNames, type Importance } from './importance.ts';
import { declaredKind, otherAction } from './kinds.ts';

/** `objeto_afectado`: the target, as hosts serialise a model. A text alone is its name, a number its id. */
export type HostObject =
  | string
  | number
  | {
      readonly content_type?: string;
      readonly tipo?: string;
      readonly object_id?: string | number;
      readonly id?: string | number;
      readonly str?: string;
      readonly nombre?: string;
    };

/** The arguments of `registrarActividad` with the keys of the hosts. */
export type HostActivity = {
  readonly usuario?: HostUser;
  readonly tipo_actividad: string;
  readonly descripcion?: string;
  readonly nivel_importancia?: Importance | null;
  readonly objeto_afectado?: HostObject | null;
  readonly ip_address?: string | null;
  readonly user_agent?: string | null;
  readonly datos_adicionales?: JsonObject | null;
  readonly datos_anteriores?: JsonObject | null;
  readonly datos_nuevos?: JsonObject | null;
  readonly es_exitoso?: boolean | null;
  readonly mensaje_error?: string | null;
  /** When it happened, RFC 3339; absent: now. */
  readonly timestamp?: string | null;
  readonly duration_ms?: number | null;
  /** The session's token. Entries never contain it; the server keeps a keyed hash. */
  readonly token_session?: string | null;
};

/** One activity as an event. */
export function activityEvent(activity: HostActivity): EventInput & { readonly attributes: JsonObject } {
  const { usuario, tipo_actividad, descripcion, nivel_importancia, mensaje_error, datos_adicionales } =
    activity;
  const { actor, attributes } = actorOf(usuario);
  const target = targetOf(activity.objeto_afectado);
  const changes = changesOf(activity.datos_anteriores, activity.datos_nuevos);
  return {
    action: declaredKind(tipo_actividad)?.action ?? otherAction,
    actor,
    outcome: outcomeOf(activity.es_exitoso),
    ...present('description', descripcion),
    ...present('level', levelOf(nivel_importancia)),
    ...(target ? { target } : {}),
    ...clientOf(activity),
    ...(mensaje_error === undefined || mensaje_error === null ? {} : { error: { message: mensaje_error } }),
    ...present('occurredAt', activity.timestamp),
    ...present('durationMs', activity.duration_ms),
    ...present('sessionId', activity.token_session),
    ...(changes.length > 0 ? { changes } : {}),
    attributes: { tipo_actividad, ...attributes, ...present('datos_adicionales', datos_adicionales) },
  };
}

function clientOf({ ip_address, user_agent }: HostActivity): Pick<EventInput, 'client'> {
  const client = { ...present('ip', ip_address), ...present('userAgent', user_agent) };
  return Object.keys(client).length > 0 ? { client } : {};
}

/** A value that is neither true nor false must not count as a success: admission refuses it. */
function outcomeOf(succeeded: boolean | null | undefined): Outcome {
  if (succeeded === false) return 'failure';
  return succeeded === true || succeeded === undefined || succeeded === null
    ? 'success'
    : asGiven(String(succeeded));
}

/** A word that is not a level is passed on, so that admission refuses it and names the field. */
function levelOf(name: Importance | null | undefined): EventInput['level'] {
  if (name === undefined || name === null) return undefined;
  return importanceNames.includes(name) ? levelOfImportance(name) : asGiven(String(name));
}

function targetOf(object: HostObject | null | undefined): EventInput['target'] | undefined {
  if (object === undefined || object === null) return undefined;
  if (typeof object === 'string') return { type: 'objeto', id: object, name: object };
  if (typeof object === 'number') return { type: 'objeto', id: String(object) };
  const id = object.object_id ?? object.id;
  const name = object.str ?? object.nombre;
  const type = object.content_type ?? object.tipo ?? 'objeto';
  return { type, id: idText(id ?? name ?? ''), ...(name === undefined ? {} : { name }) };
}

/** One change per key: states before and after are personal values and can be erased as such. */
function changesOf(before: JsonObject | null | undefined, after: JsonObject | null | undefined): Change[] {
  const paths = [...new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})])];
  return paths.map((path) => ({
    path,
    ...side('before', before, path),
    ...side('after', after, path),
  }));
}

function side(
  name: 'before' | 'after',
  object: JsonObject | null | undefined,
  path: string,
): { before?: JsonValue; after?: JsonValue } {
  const value = object && Object.hasOwn(object, path) ? object[path] : undefined;
  return value === undefined ? {} : { [name]: value };
}
