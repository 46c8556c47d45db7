/**
 * The device options that several commands share. It also opens the device that they ask for.
 *
 * @module
 */
import { type Command, Option } from "commander";
import type { NativeDevice, Precision } from "../addon/native.ts";
import { type Isa, ISAS } from "../addon/native_inference.ts";
import { type BackendChoice, openDevice } from "../addon/select.ts";
import { UsageError } from "../core/errors.ts";
import type { Config } from "../config/config.ts";
import { leafAt } from "../config/paths.ts";
import { integer } from "./command.ts";
import { helpGroup } from "./setting_options.ts";

/** The options as commander gives them. */
export interface DeviceOptions {
  readonly backend: BackendChoice;
  /** Number of the GPU, in the order of the driver. */
  readonly device?: number;
  readonly precision?: Precision;
  readonly threads: number;
  readonly isa: Isa;
}

/** Adds them to a command. */
export function addDeviceOptions(command: Command): Command {
  const options = [
    settingOption("backend", ["auto"]).default("auto"),
    deviceOption(),
    precisionOption(),
    new Option("--threads <n>", "CPU threads, 0 for one per core")
      .argParser(integer(0, 1024)).default(0),
    isaOption(),
  ];
  for (const option of options) command.addOption(option.helpGroup(helpGroup("device")));
  return command;
}

/** `--device` alone. */
export function deviceOption(): Option {
  return new Option("--device <n>", "number of the GPU, from 0 (default: 0)")
    .argParser(integer(0, 1023));
}

/** `--isa` alone. */
export function isaOption(): Option {
  return new Option("--isa <name>", "instruction set of the CPU; a run goes on only with its own")
    .choices(ISAS).default("automatic" satisfies Isa);
}

/** `--precision` alone. */
export function precisionOption(): Option {
  return settingOption("precision");
}

/** The option of a setting that is a choice, with more choices before its own. */
function settingOption(path: "backend" | "precision", more: readonly string[] = []): Option {
  const { entry: { flag, help }, kind: { choices } } = leafAt(path)!.setting;
  return new Option(flag!, help).choices([...more, ...choices!]);
}

/**
 * Opens the device that a configuration names.
 *
 * @throws {UsageError} If this machine does not have it.
 */
export function openConfigured(
  { backend, precision }: Pick<Config, "backend" | "precision">,
  { threads, index, isa = "automatic" }: {
    threads: number;
    index?: number | undefined;
    isa?: Isa;
  },
): NativeDevice {
  return openDevice({ backend, precision, threads, index, isa });
}

/**
 * Opens a device to show what a finished run computed: the run's own device, so that results are the same,
 * or the CPU if this machine does not have that device.
 */
export function openForShowing(
  config: Pick<Config, "backend" | "precision">,
  { threads = 0 }: { threads?: number } = {},
): NativeDevice {
  try {
    return openConfigured(config, { threads });
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return openDevice({ backend: "cpu", threads });
  }
}

/** The command-line arguments that ask for the same device. */
export function deviceWords(options: DeviceOptions): string[] {
  const { backend, device, precision, threads, isa } = options;
  return [
    ...["--backend", backend, "--threads", String(threads), "--isa", isa],
    ...(device === undefined ? [] : ["--device", String(device)]),
    ...(precision === undefined ? [] : ["--precision", precision]),
  ];
}
