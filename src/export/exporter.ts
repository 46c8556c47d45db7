/**
 * What every format of `deno task export` says about itself.
 *
 * @module
 */
import type { LoadedDataset } from "../data/dataset.ts";
import type { Ticket } from "../ticket/ticket.ts";

/** An option of the command that belongs to one format. */
export interface ExportFlag {
  /** As commander takes it: "--sparse", "--opset <n>". */
  readonly flags: string;
  /** What it does, without the format's name. */
  readonly help: string;
  /** Of an option with a value: from its text. */
  readonly parse?: (text: string) => unknown;
}

/** What is to be written, and how. */
export interface ExportRequest<Options> {
  /** The network and how it decides. */
  readonly ticket: Ticket;
  /** The data of the run that the ticket is from; absent where only its file is known. */
  readonly dataset?: LoadedDataset | undefined;
  /** The format's own options. */
  readonly options: Options;
  /** Of the first file, without folder and ending; of a folder, its own name. */
  readonly name: string;
}

/** The files of an export. */
export interface Exported {
  /**
   * Endings with contents, the format's own ending among them; of a folder, paths inside it.
   */
  readonly files: readonly (readonly [end: string, contents: string | Uint8Array])[];
  /** What to say about them. */
  readonly lines: readonly string[];
}

/**
 * A format. `Options` are what its flags parse to, by commander's names: `--name <id>` is `name`.
 */
export interface Exporter<Options = object> {
  /** E.g. ".onnx"; a folder has none. */
  readonly ending: string;
  /** Whether it is a new folder; never by default. */
  isFolder?(options: Options): boolean;
  /** The format's own options by name. */
  readonly flags: Readonly<Record<keyof Options & string, ExportFlag>>;
  /** The file's name where none is given, without ending. */
  defaultName(base: string, options: Options): string;
  /**
   * Makes the files, and writes none.
   *
   * @throws {UsageError} If the format cannot hold the network or how it decides.
   */
  encode(request: ExportRequest<Options>): Exported;
}
