import { createUuidV7Source, type Captured } from '@bitacora/event';
import type { Audit, Mode } from '../audit.ts';
import { currentContext } from '../context/audit-context.ts';
import { createSnapshot } from '../redact/create-snapshot.ts';
import { SdkError } from '../sdk-error.ts';
import type { Settings } from '../settings/settings.ts';
import type { EventEncoder } from './encode-event.ts';
import { createContextFiller } from './fill-from-context.ts';
import type { Lane } from './lane.ts';
import type { Lanes, NoLane } from './lanes.ts';
import { modeOfAction, optionsOfCall } from './mode-of-call.ts';
import { createOutboxMode } from './outbox-mode.ts';

export interface CaptureParts {
  readonly settings: Settings;
  readonly lanes: Lanes;
  readonly encode: EventEncoder;
  /** False when the audit is being closed or is closed. */
  readonly isOpen: () => boolean;
}

/** Makes the function `capture`: it takes the snapshot, fills it from the context, and hands it to the tenant's lane. */
export function createCapture({ settings, lanes, encode, isOpen }: CaptureParts): Audit['capture'] {
  const { clock } = settings;
  const createId = createUuidV7Source({ clock });
  const snapshot = createSnapshot(settings.redact);
  const fill = createContextFiller(snapshot);
  const submitToOutbox = createOutboxMode(lanes, encode);
  const hostActor = Object.freeze({ type: 'system', id: settings.name });

  function dropWithoutLane(mode: Mode, id: string, reason: NoLane): Captured {
    const error = new SdkError(reason, 'there is no connection for the tenant of the context', { id });
    lanes.drop(reason, error);
    return mode === 'best_effort' ? undefined : Promise.reject(error);
  }

  const take: Audit['capture'] = (input, options) => {
    const context = currentContext();
    if (context.paused === true) return undefined;
    const occurredAtMs = clock();
    const taken = snapshot(input);
    const own = taken.ok ? taken.event : {};
    const { mode = modeOfAction(settings, own['action']), transaction } = optionsOfCall(options);
    const id = typeof own['id'] === 'string' ? own['id'] : createId();
    const lane = lanes.of(context.tenant);
    const hasNoLane = typeof lane === 'string';
    // A row of the outbox needs no key yet: its forwarder has the tenant's key, or keeps the row until there is one.
    if (hasNoLane && mode !== 'outbox') return dropWithoutLane(mode, id, lane);
    const counter = hasNoLane ? lanes.withoutLane : lane;
    if (!taken.ok) {
      counter.reject(id, taken.rejection);
      return mode === 'best_effort'
        ? undefined
        : Promise.resolve({ state: 'rejected', id, rejection: taken.rejection });
    }
    const event = fill(own, context);
    event['id'] ??= id;
    event['actor'] ??= hostActor;
    const draft = { event, occurredAtMs };
    if (hasNoLane || mode === 'outbox') return submitToOutbox({ id, draft, transaction, lane: counter });
    if (!isOpen()) return refuseLate(mode, id, lane);
    return lane.submit(mode, { id, draft, bytes: taken.bytesEstimated });
  };

  return (input, options) => {
    const captured = take(input, options);
    // A caller who does not wait must not end by an unhandled rejection; the event was counted and reported to `onError`.
    captured?.catch(() => undefined);
    return captured;
  };
}

function refuseLate(mode: Mode, id: string, lane: Lane): Captured {
  lane.late(id);
  return mode === 'best_effort'
    ? undefined
    : Promise.reject(new SdkError('closed', 'the audit is closed', { id }));
}
