/**
 * Ctrl-C and SIGTERM ask for an orderly end; a second Ctrl-C ends at once.
 *
 * @module
 */
import process from "node:process";

/**
 * A terminal, a task runner and a cluster's scheduler may each pass on the same request to a process:
 * what follows within so many milliseconds is not a second one.
 */
const SAME_REQUEST_MS = 1000;

/**
 * Calls `stop` at the first signal and `again` (by default: exit at once) at each later one. Dispose it
 * to give the signals back.
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
