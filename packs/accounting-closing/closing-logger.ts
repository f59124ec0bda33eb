import type { Capture } from '@bitacora/event';
import { activityEvent, type Activity } from './activity.ts';

/** The hosts' own function, with their keys. An activity of a closing that the directory does not know is refused. */
export function closingLogger(capture: Capture<ReturnType<typeof activityEvent>>) {
  return { registrarActividadTarjeta: (activity: Activity) => capture(activityEvent(activity)) };
}
