/**
 * Runs a build tool behind one line of progress and shows its output only if it fails.
 *
 * @module
 */
import process from "node:process";
import { Failure } from "../src/core/errors.ts";

const LINES_SHOWN = 60;

/**
 * Runs a program to its end.
 *
 * @param options.title Text of the progress line; on a terminal the line also counts the steps.
 * @throws {Failure} If the program fails, with the part of its output that shows the error.
 */
export async function runQuietly(
  program: string,
  args: readonly string[],
  options: { cwd: string; title: string },
): Promise<void> {
  const line = progressLine(options.title);
  const child = new Deno.Command(program, {
    args: [...args],
    cwd: options.cwd,
    env: { NO_COLOR: "1" },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const output: string[] = [];
  const read = async (stream: ReadableStream<Uint8Array>) => {
    let rest = "";
    const decoder = new TextDecoder();
    for await (const bytes of stream) {
      const text = decoder.decode(bytes, { stream: true });
      const lines = (rest + text).split(/\r?\n/);
      rest = lines.pop() ?? "";
      for (const each of lines) {
        output.push(each);
        line.step(each);
      }
    }
    if (rest !== "") output.push(rest);
  };
  const [, , status] = await Promise.all([read(child.stdout), read(child.stderr), child.status]);
  line.end();
  if (!status.success) {
    throw new Failure(
      `${options.title}: failed with exit code ${status.code}\n${relevantEnd(output).join("\n")}`,
    );
  }
}

/** At most 60 lines: from the first line that names an error, or else the last lines. */
export function relevantEnd(lines: readonly string[]): string[] {
  const first = lines.findIndex((line) => /\berror\b|FAILED:|\*\*\*/i.test(line));
  const start = first < 0 ? lines.length - LINES_SHOWN : first;
  return lines.slice(Math.max(start, 0), Math.max(start, 0) + LINES_SHOWN);
}

/**
 * One line on stderr, which ends with the seconds that it took; on a terminal it shows the `[12/34]` or `[ 40%]` of
 * ninja and make meanwhile.
 */
function progressLine(title: string): { step(line: string): void; end(): void } {
  const start = performance.now();
  const terminal = process.stderr.isTTY;
  process.stderr.write(`${title} ...`);
  return {
    step: (line) => {
      const count = terminal && /^\[\s*(\d+\/\d+|\d+%)\]/.exec(line)?.[1];
      if (count) process.stderr.write(`\r\x1b[2K${title} ... [${count}]`);
    },
    end: () => {
      const seconds = (performance.now() - start) / 1000;
      const again = terminal ? `\r\x1b[2K${title} ...` : "";
      process.stderr.write(`${again} ${seconds.toFixed(seconds < 10 ? 1 : 0)} s\n`);
    },
  };
}
