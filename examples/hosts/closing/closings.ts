/** A user of the firm, with the columns of the firm's own table. */
export interface User {
  readonly id: number;
  readonly nombre: string;
  readonly apellido: string;
  readonly correo_bdo: string;
  readonly tipo_usuario: 'analista' | 'gerente';
  readonly clave: string;
}

/** A client's period, and the state of each of its cards (tarjetas). */
export interface Closing {
  readonly cliente_id: number;
  readonly periodo: string;
  estado: 'en_proceso' | 'cerrado';
  readonly tarjetas: Map<string, 'pendiente' | 'completo'>;
}

export const users: readonly User[] = [
  {
    id: 7,
    nombre: 'Ana',
    apellido: 'Rojas',
    correo_bdo: 'ana@bdo.example',
    tipo_usuario: 'analista',
    clave: 'mesa redonda',
  },
  {
    id: 3,
    nombre: 'Raúl',
    apellido: 'Soto',
    correo_bdo: 'raul@bdo.example',
    tipo_usuario: 'gerente',
    clave: 'ventana norte',
  },
];

export const clients = [
  { id: 12, nombre: 'Comercial Sur' },
  { id: 13, nombre: 'Frutas del Norte' },
];

export const closings: readonly Closing[] = clients.map(({ id }) => ({
  cliente_id: id,
  periodo: '2026-02',
  estado: 'en_proceso',
  tarjetas: new Map([
    ['clasificacion', 'pendiente'],
    ['libro_mayor', 'pendiente'],
  ]),
}));

export function closingOf(client: number, period: string): Closing | undefined {
  return closings.find(({ cliente_id, periodo }) => cliente_id === client && periodo === period);
}
