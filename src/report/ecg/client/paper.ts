/// <reference lib="dom" />
/**
 * Drawing a row of millimetre paper with its trace and the classes of its steps.
 *
 * @module
 */
import { envelope, type Layout, MARGIN_MM, PX_PER_MM } from "../layout.ts";
import type { PackedRecord } from "../record.ts";

/** Height of a line of classes, and of the line of seconds below it. Pixels. */
const CELL = 20;
const TIME = 16;
const FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, sans-serif';

/** Colours of the current theme. */
export interface PaperColors {
  paper: string;
  fine: string;
  bold: string;
  ink: string;
  muted: string;
  accent: string;
  /** Background of a page, which text on a class's colour is written in. */
  background: string;
  classes: string[];
}

/** What is drawn. */
export interface Sheet {
  record: PackedRecord;
  volts: Float32Array;
  layout: Layout;
  colors: PaperColors;
  width: number;
  /** The current step, -1 for none. */
  step: number;
  labels: { dense: string; ticket: string };
}

/** Height of a row with everything below the paper. Pixels. */
export function rowHeight({ record, layout }: Pick<Sheet, "record" | "layout">): number {
  return Math.ceil(layout.height) + (record.steps.dense ? 2 : 1) * CELL + TIME + 8;
}

/** The position of a time in a row, in pixels from its left edge. */
export function xOf(seconds: number, row: number, layout: Layout): number {
  const from = layout.rows[row]?.from ?? 0;
  return (MARGIN_MM + (seconds - from) * layout.mmPerSecond) * PX_PER_MM;
}

/** The time at a position in a row. */
export function secondsAt(x: number, row: number, layout: Layout): number {
  const from = layout.rows[row]?.from ?? 0;
  return from + (x / PX_PER_MM - MARGIN_MM) / layout.mmPerSecond;
}

/** Draws one row and sets the size of the canvas. */
export function drawRow(canvas: HTMLCanvasElement, row: number, sheet: Sheet): void {
  const { layout, colors, width } = sheet;
  const height = rowHeight(sheet);
  const scale = devicePixelRatio;
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
  const context = canvas.getContext("2d");
  if (!context) return;
  context.scale(scale, scale);
  context.fillStyle = colors.paper;
  context.fillRect(0, 0, width, layout.height);
  drawGrid(context, sheet);
  drawSteps(context, row, sheet);
  context.save();
  context.beginPath();
  context.rect(0, 0, width, layout.height);
  context.clip();
  drawPulse(context, sheet);
  drawTrace(context, row, sheet);
  context.restore();
  drawSeconds(context, row, sheet);
}

function drawGrid(context: CanvasRenderingContext2D, { layout, width, colors }: Sheet): void {
  const { height } = layout;
  const line = (step: number, color: string, skip: number) => {
    context.strokeStyle = color;
    context.lineWidth = 1;
    context.beginPath();
    for (let i = 0; i * step <= width + 0.5; i++) {
      if (skip > 0 && i % skip === 0) continue;
      context.moveTo(Math.round(i * step) + 0.5, 0);
      context.lineTo(Math.round(i * step) + 0.5, height);
    }
    for (let i = 0; i * step <= height + 0.5; i++) {
      if (skip > 0 && i % skip === 0) continue;
      context.moveTo(0, Math.round(i * step) + 0.5);
      context.lineTo(width, Math.round(i * step) + 0.5);
    }
    context.stroke();
  };
  line(PX_PER_MM, colors.fine, 5);
  line(5 * PX_PER_MM, colors.bold, 0);
}

/** Draws the calibration pulse: 1 mV high and one large square wide. */
function drawPulse(context: CanvasRenderingContext2D, { layout, colors }: Sheet): void {
  const y = (volts: number) => (layout.high - volts) * layout.mmPerMillivolt * PX_PER_MM;
  const x = (mm: number) => mm * PX_PER_MM;
  // The baseline of the pulse: 0 V where it is on the paper, its lower edge otherwise.
  const base = layout.low <= 0 && layout.high >= 1 ? 0 : layout.low;
  context.strokeStyle = colors.muted;
  context.lineWidth = 1.25;
  context.beginPath();
  const corners: [number, number][] = [[0.5, 0], [1.5, 0], [1.5, 1], [6.5, 1], [6.5, 0], [7.5, 0]];
  corners.forEach(([mm, volts]) => context.lineTo(x(mm), y(base + volts)));
  context.stroke();
}

function drawTrace(context: CanvasRenderingContext2D, row: number, sheet: Sheet): void {
  const { volts, record, layout, colors, width } = sheet;
  const { from, to } = layout.rows[row]!;
  const y = (value: number) => (layout.high - value) * layout.mmPerMillivolt * PX_PER_MM;
  context.strokeStyle = colors.ink;
  context.lineJoin = "round";
  context.lineWidth = 1.2;
  context.beginPath();
  const pixels = width * devicePixelRatio;
  const [start, end] = [from * record.rate, Math.min(to * record.rate, volts.length)];
  let pen = false;
  const point = (x: number, value: number) => {
    if (Number.isNaN(value)) pen = false;
    else if (pen) context.lineTo(x, y(value));
    else {
      context.moveTo(x, y(value));
      // A sample between two gaps is a dot.
      context.lineTo(x + 0.5, y(value));
      pen = true;
    }
  };
  if (end - start <= 3 * pixels) {
    // One more sample on each side lets the line enter and leave the row.
    for (let i = Math.max(0, Math.ceil(start) - 1); i < Math.min(volts.length, end + 1); i++) {
      point(xOf(i / record.rate, row, layout), volts[i]!);
    }
  } else {
    const right = xOf(end / record.rate, row, layout);
    const left = xOf(from, row, layout);
    const columns = Math.max(1, Math.round((right - left) * devicePixelRatio));
    const { low, high, first, last } = envelope(volts, { from: start, to: end, columns });
    for (let c = 0; c < columns; c++) {
      const x = left + (c + 0.5) * (right - left) / columns;
      for (const values of [first, low, high, last]) point(x, values[c]!);
    }
  }
  context.stroke();
}

function drawSteps(context: CanvasRenderingContext2D, row: number, sheet: Sheet): void {
  const { record, layout, colors, step } = sheet;
  const { from, to } = layout.rows[row]!;
  const { dense, ticket } = record.steps;
  const lines = dense ? [dense, ticket] : [ticket];
  const top = layout.height + 4;
  context.font = `600 9px ${FONT}`;
  context.textBaseline = "middle";
  context.textAlign = "left";
  context.fillStyle = colors.muted;
  const names = dense ? [sheet.labels.dense, sheet.labels.ticket] : [sheet.labels.ticket];
  names.forEach((name, i) =>
    context.fillText(name, 0, top + (i + 0.5) * CELL - 1, MARGIN_MM * PX_PER_MM - 3)
  );
  for (let i = 0; i < ticket.length; i++) {
    const [begin, end] = [i * record.stepSeconds, (i + 1) * record.stepSeconds];
    if (begin < from - 1e-6 || begin >= to - 1e-6) continue;
    const x = xOf(begin, row, layout);
    const right = xOf(end, row, layout);
    const differ = dense !== null && dense[i] !== ticket[i];
    if (differ || i === step) {
      context.globalAlpha = i === step ? 0.16 : 0.09;
      context.fillStyle = i === step ? colors.muted : colors.accent;
      context.fillRect(x, 0, right - x, layout.height);
      context.globalAlpha = 1;
    }
    lines.forEach((labels, k) => {
      const label = labels[i] ?? 0;
      const y = top + k * CELL;
      context.fillStyle = colors.classes[label % colors.classes.length] ?? colors.muted;
      context.fillRect(x + 0.5, y, Math.max(0.5, right - x - 1), CELL - 2);
      if (right - x > 12) {
        context.fillStyle = colors.background;
        context.font = `700 11px ${FONT}`;
        context.textAlign = "center";
        context.fillText(
          shortened(record.classes[label] ?? "?", right - x),
          (x + right) / 2,
          y + CELL / 2 - 1,
          right - x - 4,
        );
      }
    });
    if (differ && right - x > 3) {
      context.strokeStyle = colors.accent;
      context.lineWidth = 2;
      context.strokeRect(x + 0.5, top - 2, right - x - 1, 2 * CELL + 2);
    }
    if (i === step) {
      context.strokeStyle = colors.ink;
      context.lineWidth = 1.5;
      context.strokeRect(x + 0.5, 0.75, right - x - 1, top + lines.length * CELL - 1);
    }
  }
}

/** Cuts the end off a class name that does not fit, at about 7 pixels per letter. */
function shortened(name: string, width: number): string {
  const room = Math.max(1, Math.floor(width / 7));
  return name.length <= room ? name : name.slice(0, room);
}

function drawSeconds(context: CanvasRenderingContext2D, row: number, sheet: Sheet): void {
  const { layout, colors, record, width } = sheet;
  const { from, to } = layout.rows[row]!;
  const room = layout.mmPerSecond * PX_PER_MM;
  const apart = [1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1800, 3600].find((s) => s * room >= 46) ??
    7200;
  const y = rowHeight(sheet) - TIME / 2;
  context.font = `10px ${FONT}`;
  context.textBaseline = "middle";
  context.textAlign = "center";
  context.fillStyle = colors.muted;
  for (
    let s = Math.ceil(from / apart - 1e-9) * apart;
    s < Math.min(to, record.seconds);
    s += apart
  ) {
    const x = xOf(s, row, layout);
    if (x < width - 12) context.fillText(`${s} s`, x, y);
  }
}
