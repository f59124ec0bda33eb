/** An event that waits to be sent, as JSON. */
export interface PendingEvent {
  readonly id: string;
  /** 1, 2, 3 … per instance, in the order of the calls. */
  readonly sequence: number;
  readonly json: string;
}
