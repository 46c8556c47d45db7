/**
 * Ctrl-C and SIGTERM ask for an orderly end; a second Ctrl-C ends at once.
 *
 * @module
 */
import process from "node:process";

/**
 * A terminal, a task runner and a cluster's scheduler may each send the same request to the process, so a
 * signal within this many milliseconds of the last one is the same request.
 */
const SAME_REQUEST_MS = 1000;

/**
 * Calls `stop` at the first signal and `again` (by default: exit at once) at each later one. Disposing the
 * result removes the signal handlers.
 */
export function onInterrupt(
  stop: () => void,
  again: () => void = () => process.exit(130),
): Disposable {
  let asked: number | null = null;
  const listener = () => {
    if (asked === null) {
      asked = performance.now();
      stop();
    } else if (performance.now() - asked > SAME_REQUEST_MS) {
      again();
    }
  };
  const signals: Deno.Signal[] = ["SIGINT", "SIGTERM"];
  for (const signal of signals) Deno.addSignalListener(signal, listener);
  return {
    [Symbol.dispose]() {
      for (const signal of signals) Deno.removeSignalListener(signal, listener);
    },
  };
}
