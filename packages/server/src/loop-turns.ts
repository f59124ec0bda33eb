import { AsyncLocalStorage } from 'node:async_hooks';

/** Shares the one thread that answers: calls that take little of it go before work that takes long. */
export interface LoopTurns {
  /**
   * Runs the work of a tenant's call, which goes first until it has turned out to take long. One that `waits` begins when
   * the quick calls of tenants with fewer under way were answered.
   */
  call<T>(tenant: number, options: { waits: boolean }, work: () => Promise<T>): Promise<T>;
  /** `map` in pieces, between which others have their turn. */
  each<T, R>(members: readonly T[], map: (member: T) => R): Promise<R[]>;
}

/** `map` in pieces where there may be others; at once where there are none. */
export async function eachInTurn<T, R>(
  members: readonly T[],
  map: (member: T) => R,
  turns: LoopTurns | undefined,
): Promise<R[]> {
  return turns ? turns.each(members, map) : members.map(map);
}

interface Call {
  readonly tenant: number;
  /** Milliseconds; of the work, not of waiting for its beginning. */
  begun: number;
  /** Milliseconds that its pieces took, and that the one under way has taken. */
  worked: number;
  piece: number;
  /** Seated: one of the few of its tenant that go on. What a call set going may go on after its end, for nobody. */
  state: 'standing' | 'seated' | 'ended';
}

interface Waiting {
  readonly call: Call | undefined;
  readonly since: number;
  readonly start: () => void;
}

/** What a quick call waits for, but for what cannot be cut. */
const pieceMs = 1;
/** With more work, or after so long a time, a call is no quick one any more. */
const quick = { workMs: 3, withinMs: 25 };
/** Quick calls without an end leave others a piece in so many milliseconds. */
const patienceMs = 10;
/**
 * Of one tenant so many go on with long work. More would end no sooner, and the collector of garbage stops everybody for what
 * all of them hold: beside four pages of 1,000 entries its pauses were up to 117 ms, beside two 25.
 */
const seatsMax = 2;
/** Then one goes on without a seat: those seated may be waiting for what it has begun. */
const standsAtMostMs = 200;
/** Of so few members nobody need wait for the end: of entries about a millisecond of work. */
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
  /** A tenant's own calls need not wait for one another, nor for those of one that asks for more at once. */
  const othersAreQuick = (than: Call | undefined): boolean => {
    const own = than ? underWay.of(than.tenant) : Infinity;
    for (const call of quickCalls)
      if (call.tenant !== than?.tenant && underWay.of(call.tenant) <= own && isQuick(call)) return true;
    return false;
  };
  const maySit = ({ call, since }: Waiting): boolean =>
    call?.state !== 'standing' || seated.of(call.tenant) < seatsMax || clock() - since >= standsAtMostMs;
  /** One piece, then the answers that arrived meanwhile: two pieces never run one after the other. */
  const startNext = (): void => {
    immediate = undefined;
    const next = waiting.findIndex(
      (one) =>
        maySit(one) && (clock() - Math.max(pieceAt, one.since) >= patienceMs || !othersAreQuick(one.call)),
    );
    const [one] = next < 0 ? [] : waiting.splice(next, 1);
    if (one) {
      pieceAt = clock();
      if (one.call?.state === 'standing') {
        one.call.state = 'seated';
        seated.add(one.call.tenant, 1);
      }
      one.start();
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
  /** Who waits itself keeps nobody waiting. */
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
        if (waits && underWay.of(tenant) > 1 && othersAreQuick(call)) await turn(call);
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
      // The rest is the beginning of the next loop's piece: many short loops would make a long one.
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
