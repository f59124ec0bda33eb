import type { Level, Operation } from '@bitacora/event';
import type { Actions, Labels } from '@bitacora/pack-kit';

const module = 'condominio';
const say = (es: string, ru: string, en: string): Labels => ({ en, es, ru });

/**
 * A kind of activity (`tipo_actividad`) of the hosts: the action of its events, and their defaults when the host gives no
 * more.
 */
export type Kind = {
  readonly action: string;
  readonly operation: Operation;
  readonly level: Level;
  readonly labels: Labels;
};

export const kinds = {
  login: kind('session.login', 'execute', 'medium', say('Inicio de sesión', 'Вход', 'Sign-in')),
  logout: kind('session.logout', 'execute', 'low', say('Cierre de sesión', 'Выход', 'Sign-out')),
  crear: kind('object.create', 'create', 'medium', say('Creación', 'Создание', 'Creation')),
  actualizar: kind('object.update', 'update', 'medium', say('Actualización', 'Изменение', 'Update')),
  eliminar: kind('object.delete', 'delete', 'high', say('Eliminación', 'Удаление', 'Deletion')),
  pago: kind('payment.register', 'create', 'high', say('Pago', 'Платёж', 'Payment')),
  cambio_perfil: kind(
    'profile.update',
    'update',
    'medium',
    say('Cambio de perfil', 'Изменение профиля', 'Profile change'),
  ),
  cambio_rol: kind('role.change', 'update', 'high', say('Cambio de rol', 'Изменение роли', 'Role change')),
  error_sistema: kind(
    'system.error',
    'execute',
    'critical',
    say('Error del sistema', 'Системная ошибка', 'System error'),
  ),
  acceso_denegado: kind(
    'access.denied',
    'execute',
    'high',
    say('Acceso denegado', 'Доступ запрещён', 'Access denied'),
  ),
  sesion_cerrada: kind(
    'session.closed',
    'update',
    'medium',
    say(
      'Sesión cerrada por un administrador',
      'Сеанс закрыт администратором',
      'Session closed by an administrator',
    ),
  ),
  sesion_expirada: kind(
    'session.expired',
    'execute',
    'low',
    say('Sesión expirada', 'Сеанс истёк', 'Session expired'),
  ),
} as const satisfies Record<string, Kind>;

/** All kinds that hosts add have one action; the attribute with the kind tells them apart. */
export const otherAction = 'activity.register';

function kind<const Action extends string>(
  ...[action, operation, level, labels]: [Action, Operation, Level, Labels]
): Kind & { readonly action: Action } {
  return { action, operation, level, labels };
}

/** The kind of that name; undefined when it is not one of the declared kinds. */
export function knownKind(name: string): Kind | undefined {
  return Object.entries(kinds).find(([kindName]) => kindName === name)?.[1];
}

/** The kind of an event that does not name its own. */
export function kindOfAction(action: string): string | undefined {
  if (action === 'session.login_failed') return 'login';
  return Object.entries(kinds).find(([, kind]) => kind.action === action)?.[0];
}

const failedLabels = say('Inicio de sesión fallido', 'Неудачный вход', 'Failed sign-in');

/** The actions of all kinds. */
export const actions: Actions = {
  ...Object.fromEntries(Object.values(kinds).map(({ action, ...rest }) => [action, { ...rest, module }])),
  'session.login_failed': { operation: 'execute', level: 'high', module, labels: failedLabels },
  [otherAction]: { operation: 'execute', module, labels: say('Actividad', 'Действие', 'Activity') },
};
