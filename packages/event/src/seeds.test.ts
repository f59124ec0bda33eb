import { describe, expect, test } from 'vitest';
import { parseEvent, readEvents, type EventInput } from './index.ts';

// For each field of the five seeds, its place in an event (requirements A-02, B-01, C-01, D-01, D-02, E-01).
const id = '0195512f-7c80-7000-8000-0123456789ab';
const occurredAt = '2026-03-01T10:00:00.000Z';
const ana = { type: 'user', id: '17', name: 'Ana Pérez', email: 'ana@example.com' } as const;

const closing = {
  id,
  action: 'classification.upload', // tarjeta + accion
  operation: 'create',
  module: 'clasificacion', // tarjeta
  outcome: 'success', // resultado: exito
  actor: { ...ana, role: 'gerente' }, // usuario_id, usuario_nombre, usuario_email
  subject: { type: 'client', id: '5', name: 'ACME SpA' }, // cliente_id, cliente_nombre
  targets: [{ type: 'closing', id: '88', name: '2026-02' }], // cierre
  description: 'Subió el archivo de clasificaciones', // descripcion
  occurredAt, // timestamp
  client: { ip: '203.0.113.9' }, // ip_address
  context: { estado_cierre: 'abierto', periodo_cierre: '2026-02' },
  attributes: {
    tarjeta: 'clasificacion',
    accion: 'upload_excel',
    detalles: { filas: 120, archivo: 'c.xlsx' },
  },
} satisfies EventInput;

const sync = {
  id,
  action: 'customer.import_from_1c', // operation_type
  operation: 'execute',
  outcome: 'failure', // status: error
  actor: { type: 'service', id: 'sync-worker' },
  subject: { type: 'customer', id: '42', name: 'ООО Ромашка', email: 'info@example.ru' }, // customer, customer_email
  targets: [{ type: 'onec', id: '1C-000123' }], // onec_id
  error: { message: 'Ошибка соединения' }, // error_message
  durationMs: 1250, // duration_ms
  correlationId: 'sync-2026-03-01-1', // correlation_id
  occurredAt, // created_at; updated_at is the at of the last event of the operation
  attributes: {
    operation_id: 'op-9',
    source: '1c_export',
    data_fields: ['name', 'email'],
    platform_customer_id: 42,
    assigned_role: 'wholesale',
    created_new: true,
    '1c_response': { code: 500 },
    manual_review_required: false,
  }, // details
} satisfies EventInput;

const condominium = {
  id,
  action: 'charge.pay', // tipo_actividad: pago
  operation: 'update',
  outcome: 'failure', // es_exitoso: false
  level: 'high', // nivel_importancia: alto
  actor: { ...ana, role: 'resident' }, // usuario
  targets: [{ type: 'cargo', id: '301', name: 'Cargo marzo' }], // content_type, object_id
  description: 'Pago rechazado', // descripcion
  error: { message: 'Fondos insuficientes' }, // mensaje_error
  client: { ip: '2001:db8::7', userAgent: 'Dart/3.2 (dart:io)' }, // ip_address, user_agent
  context: { referencia_pago: 'R-9' }, // datos_adicionales
  changes: [{ path: 'estado', before: 'pendiente', after: 'rechazado' }], // datos_anteriores, datos_nuevos
  amount: { value: '150000.00', currency: 'CLP' },
  sessionId: 'ses-1',
  occurredAt, // timestamp
} satisfies EventInput;

const travel = {
  id,
  action: 'booking.cancel', // action_type: booking_cancelled
  operation: 'delete',
  level: 'high', // risk_level
  actor: { ...ana, onBehalfOf: { type: 'user', id: 'approver-3' } }, // user_id, approved_by
  subject: { type: 'customer', id: 'CUST456' }, // customer_id
  targets: [{ type: 'booking', id: 'BK123', name: 'Costa Rica' }], // resource_type, resource_id, resource_name
  changes: [{ path: 'booking_status', before: 'confirmed', after: 'cancelled' }], // old/new_values, changed_fields
  context: { campaign: 'summer', requires_approval: true }, // business_context
  description: 'Cancelada por el cliente',
  reason: 'Cliente cambió fechas',
  client: { ip: '198.51.100.4', userAgent: 'Mozilla/5.0', country: 'CR', device: 'fp-8a7' },
  request: { method: 'POST', url: '/audit/booking/log-action', status: 200 }, // endpoint, method
  sensitive: true, // is_sensitive
  reviewRequired: true, // requires_review
  amount: { value: '-5200.00', currency: 'USD' }, // amount, currency
  tags: ['refund', 'vip'],
  durationMs: 31.4,
  sessionId: 'S-1',
  correlationId: 'C-1',
  occurredAt,
  attributes: {
    service_type: 'tour',
    destination: 'San José',
    travel_dates: ['2026-04-01', '2026-04-09'],
    customer_notified: true,
    amount_before: '5200.00',
    amount_after: '0.00',
  },
} satisfies EventInput;

const agentUse = {
  id,
  action: 'agent.query', // ai_agent_query
  operation: 'execute',
  actor: { ...ana, type: 'agent', id: 'ethical_tourism', onBehalfOf: { type: 'user', id: '17' } },
  durationMs: 830, // response_time_ms
  subject: { type: 'customer', id: 'CUST456' },
  targets: [{ type: 'booking', id: 'BK123' }], // booking_id
  attributes: {
    agent_name: 'ethical_tourism',
    agent_type: 'recommender',
    query_text: '¿Opciones ecológicas?',
    response_summary: 'Cinco hoteles',
    action_taken: 'booking_created',
    recommendation_followed: true,
    user_satisfaction: 5,
  },
} satisfies EventInput;

const login = {
  id,
  action: 'session.login',
  outcome: 'failure', // success: false
  actor: ana, // username
  reason: 'bad password', // failure_reason
  sessionId: 'S-2',
  client: { ip: '198.51.100.4', userAgent: 'Mozilla/5.0', country: 'CR', device: 'fp-8a7' },
  attributes: { two_fa_used: false, risk_score: 71.5, session_duration_minutes: 0 },
} satisfies EventInput;

const dataAccess = {
  id,
  action: 'data.export',
  operation: 'read', // access_type
  actor: ana,
  targets: [{ type: 'customer_pii', id: 'all' }], // data_type, record_id
  reason: 'Reporte mensual de marketing', // business_justification
  reviewRequired: true, // more than 1,000 records
  attributes: {
    records_count: 1500,
    gdpr_compliant: true,
    retention_period_days: 365,
    format: 'csv',
    fields: ['email'],
  },
} satisfies EventInput;

const deletion = {
  id,
  action: 'record.permanent_delete',
  operation: 'delete',
  module: 'bienes',
  outcome: 'success',
  actor: ana,
  targets: [
    { type: 'bien', id: '77', name: 'Laptop HP' },
    { type: 'trash_entry', id: '12' }, // recycle-bin entry
  ],
  reason: 'Baja de inventario', // motivo
  error: { message: '' },
  client: { ip: '192.0.2.3', userAgent: 'Mozilla/5.0' },
  changes: [{ path: 'snapshot', before: { serie: 'X1', valor: 900.5 } }], // the object before
  context: { previous_state: { deleted: true }, metadata: { bulk: false } },
  attributes: { security_code: 'Código A' }, // its label, never the code
  occurredAt,
} satisfies EventInput;

describe('every field of the seeds has a place in an event', () => {
  test.each<[string, EventInput]>([
    ['A: accounting closing', closing],
    ['B: customer synchronisation', sync],
    ['C: condominium', condominium],
    ['D: travel', travel],
    ['D: AI agent', agentUse],
    ['D: login', login],
    ['D: data access', dataAccess],
    ['E: deletion', deletion],
  ])('%s is parsed without any change, from memory and from text', (_, event) => {
    expect(parseEvent(event)).toEqual({ ok: true, event });
    const reading = readEvents(JSON.stringify([event]), 'json');
    const [read] = reading.ok ? reading.events : [];
    expect(read?.ok === true ? parseEvent(read.value) : read).toEqual({ ok: true, event });
  });
});
