/**
 * Makes a function that runs `work` at most once at a time. Calls during a run share one further run, which starts when the
 * first one has ended.
 */
export function oneAtATime<Result>(work: () => Promise<Result>): {
  run(): Promise<Result>;
  /** The last run that is not over yet; undefined when none is. */
  current(): Promise<Result> | undefined;
} {
  let running: Promise<Result> | undefined;
  let following: Promise<Result> | undefined;

  function run(): Promise<Result> {
    if (running === undefined) {
      running = work().finally(() => {
        running = undefined;
      });
      return running;
    }
    following ??= running.then(() => {
      following = undefined;
      return run();
    });
    return following;
  }

  return { run, current: () => following ?? running };
}
