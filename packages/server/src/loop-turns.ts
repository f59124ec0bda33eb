import { AsyncLocalStorage } from 'node:async_hooks';

/** Shares the event loop among calls: short calls go before long work. */
export interface LoopTurns {
  /**
   * Runs the work of a tenant's call. It counts as a quick call until it has taken long. With `waits`, and when its tenant has
   * other calls under way, it begins after the quick calls of other tenants that have no more calls under way.
   */
  call<T>(tenant: number, options: { waits: boolean }, work: () => Promise<T>): Promise<T>;
  /** Maps the members in pieces, and lets other calls work between two pieces. */
  each<T, R>(members: readonly T[], map: (member: T) => R): Promise<R[]>;
}

/** Maps the members in pieces with `turns`, or all at once without. */
export async function eachInTurn<T, R>(
  members: readonly T[],
  map: (member: T) => R,
  turns: LoopTurns | undefined,
): Promise<R[]> {
  return turns ? turns.each(members, map) : members.map(map);
}

interface Call {
  readonly tenant: number;
  /** Time at which the work began, after any waiting. */
  begun: number;
  /** Milliseconds that its finished pieces took. */
  worked: number;
  /** Milliseconds that the unfinished piece has taken so far. */
  piece: number;
  /**
   * `seated`: one of the few calls of its tenant that may do long work. Work that a call started may still run when it
   * has ended.
   */
  state: 'standing' | 'seated' | 'ended';
}

interface Waiting {
  readonly call: Call | undefined;
  readonly since: number;
  readonly start: () => void;
}

/** Length of a piece. A quick call waits no longer than this, unless a single member takes longer. */
const pieceMs = 1;
/** A call that has done more work, or began longer ago, is not quick any more. */
const quick = { workMs: 3, withinMs: 25 };
/** While quick calls keep coming, long work still gets one piece in this time. */
const patienceMs = 10;
/**
 * At most this many calls of a tenant do long work at the same time. More would not end sooner, and the garbage collector stops the
 * process for longer when more calls hold memory: up to 117 ms with four pages of 1,000 entries, 25 ms with two.
 */
const seatsMax = 2;
/** After this time a call goes on without a seat, because the seated calls may be waiting for its result. */
const standsAtMostMs = 200;
/** This many members are mapped at once. For entries this is about a millisecond of work. */
const atOnceMax = 32;

/** `clock`: milliseconds that only grow. */
export function createLoopTurns(clock: () => number = () => performance.now()): LoopTurns {
  const calls = new AsyncLocalStorage<Call>();
  const quickCalls = new Set<Call>();
  const underWay = createCounts();
  const seated = createCounts();
  const waiting: Waiting[] = [];
  let immediate: NodeJS.Immediate | undefined;
  let timer: NodeJS.Timeout | undefined;
  let pieceAt = -Infinity;

  const isQuick = (call: Call): boolean => {
    if (call.worked < quick.workMs && clock() - call.begun < quick.withinMs) return true;
    quickCalls.delete(call);
    return false;
  };
  /** A call waits for the quick calls of other tenants that have no more calls under way than its own tenant. */
  const mustWaitForOthers = (waiter: Call | undefined): boolean => {
    const own = waiter ? underWay.of(waiter.tenant) : Infinity;
    for (const call of quickCalls)
      if (call.tenant !== waiter?.tenant && underWay.of(call.tenant) <= own && isQuick(call)) return true;
    return false;
  };
  const maySit = ({ call, since }: Waiting): boolean =>
    call?.state !== 'standing' || seated.of(call.tenant) < seatsMax || clock() - since >= standsAtMostMs;
  /**
   * Starts one piece. The next one starts in a later turn of the event loop, after the requests and answers that arrived
   * meanwhile.
   */
  const startNext = (): void => {
    immediate = undefined;
    const position = waiting.findIndex(
      (waiter) =>
        maySit(waiter) &&
        (clock() - Math.max(pieceAt, waiter.since) >= patienceMs || !mustWaitForOthers(waiter.call)),
    );
    const [next] = position < 0 ? [] : waiting.splice(position, 1);
    if (next) {
      pieceAt = clock();
      if (next.call?.state === 'standing') {
        next.call.state = 'seated';
        seated.add(next.call.tenant, 1);
      }
      next.start();
      wake();
    } else if (waiting.length > 0) timer ??= setTimeout(wakeAgain, patienceMs);
  };
  const wake = (): void => {
    if (waiting.length > 0) immediate ??= setImmediate(startNext);
  };
  const wakeAgain = (): void => {
    timer = undefined;
    wake();
  };
  /** Waits for the next piece. While a call waits it does not count as quick, so nobody waits for it. */
  const turn = async (call: Call | undefined): Promise<void> => {
    if (call) quickCalls.delete(call);
    await new Promise<void>((start) => {
      waiting.push({ call, since: clock(), start });
      wake();
    });
    if (call && call.state !== 'ended' && isQuick(call)) quickCalls.add(call);
  };
  const end = (call: Call): void => {
    quickCalls.delete(call);
    underWay.add(call.tenant, -1);
    if (call.state === 'seated') seated.add(call.tenant, -1);
    call.state = 'ended';
    wake();
  };
  return {
    async call(tenant, { waits }, work) {
      const call: Call = { tenant, begun: 0, worked: 0, piece: 0, state: 'standing' };
      underWay.add(tenant, 1);
      try {
        if (waits && underWay.of(tenant) > 1 && mustWaitForOthers(call)) await turn(call);
        call.begun = clock();
        quickCalls.add(call);
        return await calls.run(call, work);
      } finally {
        end(call);
      }
    },
    async each(members, map) {
      if (members.length <= atOnceMax) return members.map(map);
      const begunBy = calls.getStore();
      const call = begunBy?.state === 'ended' ? undefined : begunBy;
      if (!call || !isQuick(call)) await turn(call);
      const mapped: ReturnType<typeof map>[] = [];
      let begun = clock() - (call?.piece ?? 0);
      for (const member of members) {
        mapped.push(map(member));
        const piece = clock() - begun;
        if (piece < pieceMs) continue;
        if (call) call.worked += piece;
        await turn(call);
        begun = clock();
      }
      // The rest counts for the piece of the call's next loop, because many short loops together can take long.
      if (call) call.piece = clock() - begun;
      return mapped;
    },
  };
}

function createCounts(): { of(tenant: number): number; add(tenant: number, more: number): void } {
  const counts = new Map<number, number>();
  const of = (tenant: number): number => counts.get(tenant) ?? 0;
  return {
    of,
    add(tenant, more) {
      const count = of(tenant) + more;
      if (count > 0) counts.set(tenant, count);
      else counts.delete(tenant);
    },
  };
}
