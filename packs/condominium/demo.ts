import type { EventInput } from '@bitacora/event';
import { activityEvent, type HostActivity } from './activity-event.ts';
import type { HostUser } from './host-user.ts';

const hourMs = 3_600_000;
const daysShown = 12;

const people: readonly Exclude<HostUser, string | number | null>[] = [
  {
    id: 1,
    username: 'admin',
    nombre_completo: 'Administrador Sistema',
    email: 'admin@condominio.example',
    role: 'admin',
  },
  {
    id: 2,
    username: 'maria',
    nombre_completo: 'María Soto',
    email: 'maria@condominio.example',
    role: 'resident',
  },
  {
    id: 3,
    username: 'jose',
    nombre_completo: 'José Vidal',
    email: 'jose@condominio.example',
    role: 'resident',
  },
  {
    id: 4,
    username: 'guardia',
    nombre_completo: 'Pedro Rojas',
    email: 'guardia@condominio.example',
    role: 'security',
  },
];

/**
 * Invented activity of a small condominium: twelve days that end at `now`, 62 entries, 14 sessions. The same `now` gives
 * the same activity.
 */
export function demoActivity(now: number): EventInput[] {
  const visits = Array.from({ length: daysShown }, (_, day) => visit(now, day)).flat();
  return [...visits, ...extraVisits(now), ...incidents(now)];
}

/** A person signs in, does something and signs out. The newest visit has no sign-out yet. */
function visit(now: number, day: number): EventInput[] {
  const usuario = people[day % people.length] ?? null;
  const start = now - day * 24 * hourMs - 2 * hourMs;
  const shared = { usuario, ip_address: `192.168.1.${100 + (day % 4)}`, token_session: `demo-${day}-${now}` };
  const at = (minutes: number): string => new Date(start + minutes * 60_000).toISOString();
  const acts: HostActivity[] = [
    {
      ...shared,
      tipo_actividad: 'login',
      descripcion: 'Inicio de sesión exitoso',
      timestamp: at(0),
      duration_ms: 85,
    },
    {
      ...shared,
      ...(day % 2 === 0 ? payment(day) : booking(day)),
      timestamp: at(20),
      duration_ms: 120 + 240 * (day % 5),
    },
    {
      ...shared,
      tipo_actividad: 'actualizar',
      descripcion: 'Datos de la unidad actualizados',
      timestamp: at(35),
      objeto_afectado: { content_type: 'unidad', object_id: 40 + day, str: `Unidad ${40 + day}` },
      datos_anteriores: { telefono: null },
      datos_nuevos: { telefono: `+56 9 5555 00${10 + day}` },
    },
  ];
  if (day > 0)
    acts.push({ ...shared, tipo_actividad: 'logout', descripcion: 'Cierre de sesión', timestamp: at(60) });
  return acts.map(activityEvent);
}

function payment(
  day: number,
): Pick<HostActivity, 'tipo_actividad' | 'descripcion' | 'objeto_afectado' | 'datos_adicionales'> {
  return {
    tipo_actividad: 'pago',
    descripcion: `Pago PAG-${100 + day} de gastos comunes`,
    objeto_afectado: { content_type: 'cargo', object_id: 500 + day, str: `Cargo ${500 + day}` },
    datos_adicionales: { referencia_pago: `PAG-${100 + day}`, monto: `${45 + day}000.00` },
  };
}

function booking(day: number): Pick<HostActivity, 'tipo_actividad' | 'descripcion' | 'objeto_afectado'> {
  return {
    tipo_actividad: 'reserva_area',
    descripcion: 'Reserva del quincho',
    objeto_afectado: { content_type: 'area', object_id: 1 + (day % 3), str: 'Quincho' },
  };
}

/** Two sessions of the administrator at the same time, from two addresses. */
function extraVisits(now: number): EventInput[] {
  const usuario = people[0] ?? null;
  return ['192.168.1.100', '203.0.113.9'].map((ip_address, n) =>
    activityEvent({
      usuario,
      ip_address,
      user_agent: n === 0 ? 'Firefox' : 'CondominioApp/2.1',
      tipo_actividad: 'login',
      descripcion: 'Inicio de sesión exitoso',
      token_session: `demo-x${n}-${now}`,
      timestamp: new Date(now - (n + 1) * 60_000).toISOString(),
    }),
  );
}

function incidents(now: number): EventInput[] {
  const at = (hours: number): string => new Date(now - hours * hourMs).toISOString();
  return [
    ...[3, 4, 50].map((hours) =>
      activityEvent({
        usuario: null,
        tipo_actividad: 'login',
        descripcion: 'Inicio de sesión fallido para root',
        nivel_importancia: 'alto',
        es_exitoso: false,
        mensaje_error: 'Credenciales inválidas',
        ip_address: '198.51.100.23',
        timestamp: at(hours),
      }),
    ),
    ...[5, 77].map((hours) =>
      activityEvent({
        usuario: null,
        tipo_actividad: 'error_sistema',
        descripcion: 'Error del sistema: pagos',
        nivel_importancia: 'critico',
        es_exitoso: false,
        mensaje_error: 'La pasarela no responde',
        timestamp: at(hours),
        duration_ms: 30_000,
      }),
    ),
    ...[6, 30].map((hours) =>
      activityEvent({
        usuario: people[1] ?? null,
        tipo_actividad: 'acceso_denegado',
        descripcion: 'Acceso denegado a /admin/',
        nivel_importancia: 'alto',
        es_exitoso: false,
        mensaje_error: 'Se requiere el rol admin',
        ip_address: '192.168.1.101',
        timestamp: at(hours),
        datos_adicionales: { recurso: '/admin/' },
      }),
    ),
    activityEvent({
      usuario: people[0] ?? null,
      tipo_actividad: 'cambio_rol',
      descripcion: 'Cambio de rol de guardia',
      nivel_importancia: 'alto',
      timestamp: at(26),
      datos_anteriores: { rol: 'resident' },
      datos_nuevos: { rol: 'security' },
      objeto_afectado: { content_type: 'usuario', object_id: 4, str: 'guardia' },
    }),
  ];
}
