import type { Capture, CaptureReceipt } from '@bitacora/event';
import { activityEvent, type Activity } from './activity.ts';

/**
 * The hosts' own function, with their keys. An activity of a closing that is not in the directory is refused: a caller who
 * waits for the answer gets null, as the hosts expect, and the SDK reports the refusal.
 */
export function closingLogger(capture: Capture<ReturnType<typeof activityEvent>>) {
  return {
    registrarActividadTarjeta(activity: Activity): Promise<CaptureReceipt | null> | void {
      return capture(activityEvent(activity))?.then(storedOrNull);
    },
  };
}

function storedOrNull(receipt: CaptureReceipt): CaptureReceipt | null {
  return receipt.state === 'rejected' && receipt.rejection.field === 'cierre' ? null : receipt;
}
