/**
 * Shows the progress of a transfer on standard error: a bar on a terminal, else one line per tenth.
 *
 * @module
 */
import cliProgress from "cli-progress";
import process from "node:process";

/** Receives the state of a transfer. */
export interface TransferProgress {
  /** `total` is undefined if the server does not say. */
  update(received: number, total: number | undefined): void;
  stop(): void;
}

/** Shows a transfer called `name`: as a bar if standard error is a terminal, else as lines. */
export function transferProgress(name: string): TransferProgress {
  return process.stderr.isTTY ? bar(name) : lines(name, (line) => console.error(line));
}

/** One line for every tenth of the total that is reached, through `print`. */
export function lines(name: string, print: (line: string) => void): TransferProgress {
  let tenths = -1;
  return {
    update(received, total) {
      const reached = total ? Math.floor((10 * received) / total) : 0;
      if (reached === tenths) return;
      tenths = reached;
      const of = total ? `${10 * reached} % of ${megabytes(total)}` : "started";
      print(`${name}: ${of}`);
    },
    stop() {},
  };
}

function bar(name: string): TransferProgress {
  const bar = new cliProgress.SingleBar({
    format: `${name} [{bar}] {percentage} % of {size} | {eta_formatted} left`,
    hideCursor: true,
  }, cliProgress.Presets.shades_classic);
  let started = false;
  return {
    update(received, total) {
      const payload = { size: total ? megabytes(total) : "an unknown size" };
      if (!started) bar.start(total ?? 0, received, payload);
      started = true;
      if (total) bar.setTotal(total);
      bar.update(received, payload);
    },
    stop: () => bar.stop(),
  };
}

/** Bytes as text in units of a million. */
export function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
