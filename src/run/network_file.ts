/**
 * Reads the network of `--network`: a name or a JSON file. A configuration holds the graph itself, so a
 * run is continued without the file.
 *
 * @module
 */
import * as fs from "node:fs";
import * as path from "node:path";
import { messageOf, UsageError } from "../core/errors.ts";
import { whyUnreadable } from "../core/files.ts";
import { ROOT } from "../core/paths.ts";
import { type GraphFile, graphFile, graphSentences } from "../model/graph_file.ts";

/** Name of the residual network; `--filters`, `--blocks` and `--kernel` give its size. */
export const RESNET = "resnet";

/** Networks that ship as files: NAME.json. */
const SHIPPED = path.join(ROOT, "src", "model", "networks");
const MOST_BYTES = 1 << 20;

/** The names that `--network` accepts. */
export function networkNames(): string[] {
  const files = fs.readdirSync(SHIPPED).filter((file) => file.endsWith(".json")).sort();
  return [RESNET, ...files.map((file) => path.basename(file, ".json"))];
}

/**
 * The network with this name or in this file; undefined for the residual network.
 *
 * @throws {UsageError} If the file does not exist, or has mistakes; each mistake gives a sentence.
 */
export function namedNetwork(text: string): GraphFile | undefined {
  if (text === RESNET) return undefined;
  const file = networkNames().includes(text) ? path.join(SHIPPED, `${text}.json`) : text;
  const value = readJson(file);
  const result = graphFile.safeParse(value);
  if (result.success) return result.data;
  const sentences = graphSentences(result.error, value);
  throw new UsageError(
    `Cannot use the network ${text}: ${
      sentences.length === 1
        ? sentences[0]
        : `${sentences.length} mistakes:\n${sentences.map((each) => `  ${each}`).join("\n")}`
    }`,
  );
}

function readJson(file: string): unknown {
  const refuse = (why: string): never => {
    throw new UsageError(
      `Cannot read the network ${file}: ${why}; name a JSON file of a network, or one of ` +
        networkNames().join(", "),
    );
  };
  const stat = fs.statSync(file, { throwIfNoEntry: false }) ?? refuse("there is no such file");
  if (!stat.isFile()) refuse("it is not a file");
  if (stat.size > MOST_BYTES) refuse(`it has more than ${MOST_BYTES.toLocaleString("en")} bytes`);
  let text: string;
  try {
    text = fs.readFileSync(file, "utf8");
  } catch (error) {
    return refuse(whyUnreadable(error));
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    return refuse(`it is not JSON (${messageOf(error)})`);
  }
}
