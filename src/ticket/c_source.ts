/**
 * Writes a ticket as a pair of C99 files without allocation or dependencies.
 *
 * @module
 */
import { Failure, UsageError } from "../core/errors.ts";
import { planStream, type StreamInput, type StreamLayer, type StreamPlan } from "./c_layout.ts";
import { C_CODE, C_FLOATS, C_HEADER } from "./c_template.ts";
import { C_INT16 } from "./c_template_int16.ts";
import type { ActivationUnits } from "./fixed_point.ts";
import { quantiseNetwork, type RoundedWeights } from "./quantise.ts";
import type { ConvNumbers } from "./absorb.ts";
import { deciderOf } from "../training/decision.ts";
import { describeDecision, ruleOf, temperatureOf, type Ticket } from "./ticket.ts";

/** Type of weights: 32-bit floats, or integers with one scale per output channel. */
export type CWeights = "fp32" | RoundedWeights;

/** How to write a ticket. */
export interface COptions {
  /** Prefix of all declarations in the header. */
  readonly name: string;
  readonly weights: CWeights;
  /** Units of 16-bit activations; without them activations are 32-bit floats. */
  readonly units?: ActivationUnits | undefined;
  /** The header's file name. */
  readonly header?: string;
}

/** The two files and their costs. */
export interface CSource {
  readonly header: string;
  readonly code: string;
  /** Bytes of constant tables. */
  readonly romBytes: number;
  /** Of these, by what they hold. */
  readonly rom: Readonly<Record<string, number>>;
  /** Bytes of the state. */
  readonly ramBytes: number;
  /** Multiplications per second of ECG. */
  readonly macsPerSecond: number;
}

/**
 * Writes a ticket as C.
 *
 * @throws {UsageError} If the name is not a C identifier or a layer is too wide for 16-bit columns.
 */
export function cSource(
  ticket: Ticket,
  { name, weights, units, header = `${name}.h` }: COptions,
): CSource {
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
    throw new UsageError(
      `Cannot name the C code ${JSON.stringify(name)}: use a C identifier ` +
        "(letters, digits and _) as --name, or as the name of the file or folder",
    );
  }
  const rounded = weights !== "fp32";
  if (units !== undefined && !rounded) {
    throw new RangeError("16-bit activations need weights of 8 or 16 bits");
  }
  const network = rounded ? quantiseNetwork(ticket.network, weights) : ticket.network;
  const plan = planStream(network);
  const tables = new Tables(plan, { weights, units });
  const { normalisation: { mean, std, rate }, priors, classes } = ticket;
  const romBytes = tables.bytes;
  // Three 64-bit counters follow the memory, and three numbers of 64 bits for each class.
  const cellBytes = units ? 2 : 4;
  const ramBytes = Math.ceil(tables.cells * cellBytes / 8) * 8 + 8 * (3 + 3 * classes.length);
  const macsPerSecond = tables.macsPerHop / plan.hop * rate;
  const summary = [
    `ECG network of ${ticket.provenance.run}, round ${ticket.provenance.round}, written by lth-ecg.`,
    `Weights: ${tables.kept} survivors as ${weights}. Activations: ${
      units ? "int16" : "fp32"
    }. Tables: ${romBytes} bytes. ` +
    `State: ${ramBytes} bytes.`,
    `${Math.round(macsPerSecond)} multiplications per second of ECG. Link with -lm.`,
    `Not a medical device.`,
    ticket.licence,
  ].map((line) => ` * ${line.replaceAll("*/", "* /")}\n`).join("");
  const rule = ruleOf(ticket);
  const { weights: divisors } = deciderOf(rule, priors);
  const fill = (text: string) =>
    text
      .replaceAll("$arithmetic", () => units ? C_INT16 : C_FLOATS)
      .replaceAll("$CELLS", units ? "CELLS" : "FLOATS")
      .replaceAll("$cells", String(tables.cells))
      .replaceAll("$cell", units ? "int16_t" : "float")
      .replaceAll("$of_logit", units ? ` * ${name}_units[LAYERS]` : "")
      .replaceAll("$to_input", units ? "to_cell" : "")
      .replaceAll("$of_input", units ? ` / ${name}_units[0]` : "")
      .replaceAll("$rule", () => comment(describeDecision(ticket)))
      .replaceAll("$temperature", double(temperatureOf(ticket)))
      .replaceAll("$more", rule.decision === "vote" ? VOTES : "0")
      .replaceAll("$NAME", name.toUpperCase())
      .replaceAll("$name", name)
      .replaceAll("$hop", String(plan.hop))
      .replaceAll("$classes", String(classes.length))
      .replaceAll("$lag", String(plan.lag))
      .replaceAll("$rate", String(rate))
      .replaceAll("$mean", float(mean))
      .replaceAll("$factor", float(1 / std))
      .replaceAll("$start", rounded ? "0.0f" : "bias")
      .replaceAll("$finish", rounded ? FINISH_ROUNDED : "")
      .replaceAll("$quantised", name);
  const names = classes.map((each) => JSON.stringify(each)).join(", ");
  const code =
    `/*\n${summary} */\n#include "${header}"\n\n#include <math.h>\n#include <string.h>\n\n` +
    `const char *const ${name}_classes[] = {${names}};\n` +
    `const float ${name}_priors[] = {${priors.map(float).join(", ")}};\n` +
    `/* What softmax is multiplied by: (smallest prior / prior)^${rule.priorExponent}. */\n` +
    `static const double ${name}_weights[] = {${Array.from(divisors, double).join(", ")}};\n` +
    fill(C_CODE).replace("$tables", () => tables.text(name));
  return {
    header: `/*\n${summary} */\n${fill(C_HEADER)}`,
    code,
    romBytes,
    rom: tables.bytesByKind,
    ramBytes,
    macsPerSecond,
  };
}

const VOTES = "state->votes[c] - state->votes[label]";

/** Sentences as lines inside a C comment. */
function comment(text: string): string {
  const words = text.replaceAll("*/", "* /").split(" ");
  const lines = words.reduce<string[]>((done, word) => {
    const line = `${done.at(-1)} ${word}`;
    return line.length > 96 ? [...done, `   ${word}`] : [...done.slice(0, -1), line];
  }, ["  "]);
  return lines.join("\n");
}

/** A number as a C double. */
function double(value: number): string {
  const text = String(value);
  return /[.e]/.test(text) ? text : `${text}.0`;
}

const FINISH_ROUNDED = `  {
    const float scale = $quantised_unit[layer->table + channel];
    for (i = 0; i < outputs; ++i) out[i] = out[i] * scale + bias;
  }
`;

/** The C types of weights. */
const VALUE_TYPES = {
  fp32: { c: "float", bytes: 4 },
  int16: { c: "int16_t", bytes: 2 },
  int8: { c: "int8_t", bytes: 1 },
} as const;

/** Bytes of the structs of the C code. */
const VALUE_BYTES = 12;
const LAYER_BYTES = 28;

/** The constant tables of all layers, one after the other. */
class Tables {
  private readonly rows: number[] = [];
  private readonly columns: number[] = [];
  private readonly values: number[] = [];
  private readonly bias: number[] = [];
  private readonly unit: number[] = [];
  private readonly scale: number[] = [];
  private readonly shift: number[] = [];
  private readonly layers: string[] = [];
  private readonly rowsOf: string[] = [];
  private readonly units: number[] = [];
  private readonly weights: CWeights;
  cells = 0;
  macsPerHop = 0;

  constructor(
    plan: StreamPlan,
    { weights, units }: { weights: CWeights; units: ActivationUnits | undefined },
  ) {
    this.weights = weights;
    for (const { name, channels, inputs, history, delay } of plan.values) {
      this.rowsOf.push(`{${[this.cells, ...[channels, inputs, history, delay].map(short)]}}`);
      this.cells += channels * (inputs + history);
      if (units) this.units.push(unitOf(units, name));
    }
    plan.layers.forEach((layer, i) => this.layer(layer, plan.values[i + 1]!.inputs));
  }

  get kept(): number {
    return this.values.length;
  }

  /** Bytes of all tables. */
  get bytes(): number {
    return Object.values(this.bytesByKind).reduce((sum, bytes) => sum + bytes, 0);
  }

  get bytesByKind(): Record<string, number> {
    const { rows, columns, values, bias, unit, scale, shift, units, layers, rowsOf } = this;
    const floats = bias.length + unit.length + scale.length + shift.length + units.length;
    return {
      weights: values.length * VALUE_TYPES[this.weights].bytes,
      "their places": columns.length * 2 + 4 * rows.length,
      "biases, norms and units": 4 * floats,
      layers: LAYER_BYTES * layers.length + VALUE_BYTES * rowsOf.length,
    };
  }

  text(name: string): string {
    const { rows, columns, values, bias, unit, scale, shift, units, layers, rowsOf } = this;
    const table = (type: string, what: string, entries: readonly string[], none = "0") =>
      // A table of C must not be empty.
      `static const ${type} ${name}_${what}[] = {\n${
        lines(entries.length > 0 ? entries : [none])
      }};\n`;
    const type = VALUE_TYPES[this.weights].c;
    const number = this.weights === "fp32" ? float : String;
    return [
      `#define LAYERS ${layers.length}\n`,
      table("value_rows", "rows_of", rowsOf),
      table("layer_work", "layers", layers),
      table("uint32_t", "rows", rows.map(String)),
      table("uint16_t", "columns", columns.map(String)),
      table(type, "values", values.map(number)),
      table("float", "bias", bias.map(float)),
      ...(unit.length > 0 ? [table("float", "unit", unit.map(float))] : []),
      ...(units.length > 0 ? [table("float", "units", units.map(float))] : []),
      table("float", "scale", scale.map(float)),
      table("float", "shift", shift.map(float)),
    ].join("\n");
  }

  private layer(layer: StreamLayer, outputs: number): void {
    const { input } = layer;
    if (layer.op === "shortcut") {
      return this.push("SHORTCUT", { input, stride: layer.stride, pooled: layer.channels });
    }
    const relu = layer.relu;
    if (layer.op === "norm") {
      this.push("NORM", { input, relu, table: this.scale.length });
      this.scale.push(...layer.scale);
      this.shift.push(...layer.shift);
      return;
    }
    const { conv: { kernel, stride }, add } = layer;
    const rows = this.rows.length;
    this.push("CONV", { input, relu, kernel, stride, add, rows, table: this.bias.length });
    this.conv(layer.conv, outputs);
  }

  private push(
    op: "CONV" | "NORM" | "SHORTCUT",
    { input, relu = false, kernel = 1, stride = 1, add = null, pooled = 0, rows = 0, table = 0 }: {
      input: StreamInput;
      relu?: boolean;
      kernel?: number;
      stride?: number;
      add?: StreamInput & { readonly stride: number; readonly channels: number } | null;
      pooled?: number;
      rows?: number;
      table?: number;
    },
  ): void {
    const read = [input.value, input.offset, kernel, stride];
    const added = add ? [add.value, add.offset, add.stride, add.channels] : [0, 0, 1, pooled];
    const fields = [relu ? 1 : 0, ...read, ...added].map(short);
    this.layers.push(`{${[op, ...fields, rows, table].join(", ")}}`);
  }

  private conv(conv: ConvNumbers, outputs: number): void {
    const { inChannels, outChannels, kernel, weight, bias, unit } = conv;
    const rowLength = inChannels * kernel;
    if (rowLength > 2 ** 16) {
      throw new UsageError(
        `Cannot write C code for ${inChannels} channels times kernel ${kernel}: ` +
          `at most 65,536 together fit its tables`,
      );
    }
    for (let co = 0; co < outChannels; co++) {
      this.rows.push(this.values.length);
      for (let column = 0; column < rowLength; column++) {
        const i = co * rowLength + column;
        if (weight[i] === 0) continue;
        this.columns.push(column);
        this.values.push(unit ? Math.round(weight[i]! / unit[co]!) : weight[i]!);
        this.macsPerHop += outputs;
      }
      this.bias.push(bias[co]!);
      if (unit) this.unit.push(unit[co]!);
    }
    this.rows.push(this.values.length);
  }
}

function unitOf(units: ActivationUnits, name: string): number {
  const unit = units.get(name);
  if (unit === undefined) throw new Failure(`The activations of ${name} were not calibrated`);
  return unit;
}

/** A size of the tables' 16-bit fields. */
function short(size: number): number {
  if (size < 2 ** 16) return size;
  throw new UsageError(
    `Cannot write C code for this network: it looks ${size} positions around, at most 65,535 fit`,
  );
}

/** A number as a C float: nine digits tell all floats apart. */
function float(value: number): string {
  const text = String(Number(Math.fround(value).toPrecision(9)));
  return (/[.e]/.test(text) ? text : `${text}.0`) + "f";
}

function lines(entries: readonly string[]): string {
  const text: string[] = [];
  for (let i = 0; i < entries.length; i += 10) {
    text.push(`  ${entries.slice(i, i + 10).join(", ")},\n`);
  }
  return text.join("");
}
