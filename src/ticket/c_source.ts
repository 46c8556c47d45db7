/**
 * A ticket as one pair of C99 files without allocation or dependencies.
 *
 * @module
 */
import { UsageError } from "../core/errors.ts";
import { planStream, type StreamConv, type StreamPlan } from "./c_layout.ts";
import { C_CODE, C_HEADER } from "./c_template.ts";
import { quantiseNetwork } from "./quantise.ts";
import { deciderOf } from "../training/decision.ts";
import { describeDecision, ruleOf, temperatureOf, type Ticket } from "./ticket.ts";

/** How weights are kept: 32-bit floats, or 8-bit integers with one scale per output channel. */
export type CWeights = "fp32" | "int8";

/** The two files and what they need. */
export interface CSource {
  readonly header: string;
  readonly code: string;
  /** Bytes of constant tables. */
  readonly romBytes: number;
  /** Bytes of the state. */
  readonly ramBytes: number;
  /** Multiplications per second of ECG. */
  readonly macsPerSecond: number;
}

/**
 * Writes a ticket as C.
 *
 * @param options.name Prefix of everything the header declares.
 * @throws {UsageError} If the name is no C identifier or a layer is too wide for 16-bit columns.
 */
export function cSource(
  ticket: Ticket,
  { name, weights }: { name: string; weights: CWeights },
): CSource {
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
    throw new UsageError(`Cannot name the C code ${JSON.stringify(name)}: use a C identifier`);
  }
  const network = weights === "int8" ? quantiseNetwork(ticket.network) : ticket.network;
  const plan = planStream(network);
  const tables = new Tables(plan, weights);
  const { normalisation: { mean, std, rate }, priors, classes } = ticket;
  const romBytes = tables.bytes;
  // Three 64-bit counters follow the floats, and three numbers of 64 bits for each class.
  const ramBytes = Math.ceil(tables.floats / 2) * 8 + 8 * (3 + 3 * ticket.classes.length);
  const macsPerSecond = tables.macsPerHop / plan.hop * rate;
  const summary = [
    `ECG network of ${ticket.provenance.run}, round ${ticket.provenance.round}, written by lth-ecg.`,
    `Weights: ${tables.kept} survivors as ${weights}. Tables: ${romBytes} bytes. ` +
    `State: ${ramBytes} bytes.`,
    `${Math.round(macsPerSecond)} multiplications per second of ECG. Link with -lm.`,
    `Not a medical device.`,
    ticket.licence,
  ].map((line) => ` * ${line.replaceAll("*/", "* /")}\n`).join("");
  const rule = ruleOf(ticket);
  const { weights: divisors } = deciderOf(rule, priors);
  const fill = (text: string) =>
    text
      .replaceAll("$rule", () => comment(describeDecision(ticket)))
      .replaceAll("$temperature", double(temperatureOf(ticket)))
      .replaceAll("$more", rule.decision === "vote" ? VOTES : "0")
      .replaceAll("$NAME", name.toUpperCase())
      .replaceAll("$name", name)
      .replaceAll("$hop", String(plan.hop))
      .replaceAll("$classes", String(classes.length))
      .replaceAll("$lag", String(plan.lag))
      .replaceAll("$rate", String(rate))
      .replaceAll("$floats", String(tables.floats))
      .replaceAll("$mean", float(mean))
      .replaceAll("$factor", float(1 / std))
      .replaceAll("$start", weights === "int8" ? "0.0f" : "bias")
      .replaceAll("$finish", weights === "int8" ? FINISH_INT8 : "")
      .replaceAll("$quantised", name);
  const names = classes.map((each) => JSON.stringify(each)).join(", ");
  const code =
    `/*\n${summary} */\n#include "${name}.h"\n\n#include <math.h>\n#include <string.h>\n\n` +
    `const char *const ${name}_classes[] = {${names}};\n` +
    `const float ${name}_priors[] = {${priors.map(float).join(", ")}};\n` +
    `/* What softmax is multiplied by: (smallest prior / prior)^${rule.priorExponent}. */\n` +
    `static const double ${name}_weights[] = {${Array.from(divisors, double).join(", ")}};\n` +
    fill(C_CODE).replace("$tables", () => tables.text(name));
  return {
    header: `/*\n${summary} */\n${fill(C_HEADER)}`,
    code,
    romBytes,
    ramBytes,
    macsPerSecond,
  };
}

const VOTES = "state->votes[c] - state->votes[label]";

/** Sentences as lines of a C comment that is open. */
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

const FINISH_INT8 = `  {
    const float scale = $quantised_unit[layer->bias + channel];
    for (i = 0; i < outputs; ++i) out[i] = out[i] * scale + bias;
  }
`;

/** The constant tables of all layers, one after the other. */
class Tables {
  private readonly rows: number[] = [];
  private readonly columns: number[] = [];
  private readonly values: number[] = [];
  private readonly bias: number[] = [];
  private readonly unit: number[] = [];
  private readonly scale: number[] = [];
  private readonly shift: number[] = [];
  private readonly convs: string[] = [];
  private readonly blocks: string[] = [];
  floats = 0;
  macsPerHop = 0;

  constructor(plan: StreamPlan, private readonly weights: CWeights) {
    this.conv(plan.stem);
    for (const { residual, first, second, norm } of plan.blocks) {
      const { channels, inputs, history } = residual;
      const buffer = this.claim(channels * (inputs + history));
      const sizes = [channels, inputs, history].map(short);
      this.blocks.push(`{${[buffer, ...sizes, this.scale.length].join(", ")}}`);
      this.conv(first);
      this.conv(second);
      this.scale.push(...norm.scale);
      this.shift.push(...norm.shift);
    }
    this.conv(plan.head);
    this.claim(0);
  }

  get kept(): number {
    return this.values.length;
  }

  /** Bytes of all tables but the few structs. */
  get bytes(): number {
    const { rows, columns, values, bias, unit, scale, shift, convs, blocks } = this;
    const each = this.weights === "int8" ? 1 : 4;
    const floats = bias.length + unit.length + scale.length + shift.length;
    return values.length * each + columns.length * 2 + 4 * (rows.length + floats) +
      28 * convs.length + 16 * blocks.length;
  }

  text(name: string): string {
    const { rows, columns, values, bias, unit, scale, shift, convs, blocks, weights } = this;
    const table = (type: string, what: string, entries: readonly string[]) =>
      `static const ${type} ${name}_${what}[] = {\n${lines(entries)}};\n`;
    const type = weights === "int8" ? "int8_t" : "float";
    const number = weights === "int8" ? String : float;
    return [
      `#define CONVS ${convs.length}\n#define BLOCKS ${blocks.length}\n`,
      table("conv_layer", "convs", convs),
      table("block_layer", "blocks", blocks),
      table("uint32_t", "rows", rows.map(String)),
      // A table of C must not be empty.
      table("uint16_t", "columns", (columns.length > 0 ? columns : [0]).map(String)),
      table(type, "values", (values.length > 0 ? values : [0]).map(number)),
      table("float", "bias", bias.map(float)),
      ...(weights === "int8" ? [table("float", "unit", unit.map(float))] : []),
      table("float", "scale", scale.map(float)),
      table("float", "shift", shift.map(float)),
    ].join("\n");
  }

  private claim(floats: number): number {
    const at = this.floats;
    this.floats += floats;
    return at;
  }

  private conv({ conv, inputs, history, outputs, delay }: StreamConv): void {
    const { inChannels, outChannels, kernel, stride, weight, bias } = conv;
    const rowLength = inChannels * kernel;
    if (rowLength > 2 ** 16) {
      throw new UsageError(
        `Cannot write C code for ${inChannels} channels times kernel ${kernel}: ` +
          `at most 65,536 together fit its tables`,
      );
    }
    const buffer = this.claim(inChannels * (inputs + history));
    const fields = [inChannels, outChannels, kernel, stride, this.rows.length, this.bias.length];
    const sizes = [inputs, history, outputs, delay].map(short);
    this.convs.push(`{${[...fields, buffer, ...sizes].join(", ")}}`);
    const { unit } = conv;
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
