/**
 * Draws a line chart as SVG text: the same numbers give the same bytes.
 *
 * @module
 */

/** A point, with the interval around it if it has one. */
export interface Point {
  x: number;
  y: number;
  low?: number;
  high?: number;
}

/** A line through points. */
export interface Series {
  label: string;
  points: readonly Point[];
}

/** An axis: ticks with their labels, from `min` to `max`. `log` needs a positive `min`. */
export interface Axis {
  label: string;
  min: number;
  max: number;
  ticks: readonly { at: number; text: string }[];
  log?: boolean;
  /** Whether the largest value is on the left. */
  reversed?: boolean;
}

/** What to draw. */
export interface Chart {
  title: string;
  x: Axis;
  y: Axis;
  series: readonly Series[];
  /** Horizontal dashed lines, from high to low. */
  marks?: readonly { at: number; text: string }[];
}

const WIDTH = 860;
const HEIGHT = 460;
const AREA = { left: 66, right: 660, top: 34, bottom: 400 };
/** The colours of the reports (Okabe and Ito 2008, darkened where contrast needs it). */
const COLOURS = [
  "#0072b2",
  "#c98500",
  "#009e73",
  "#b4568f",
  "#3f9bd6",
  "#8c3d10",
  "#5d6670",
  "#111",
];

/** The text of an SVG file. */
export function lineChart({ title, x, y, series, marks = [] }: Chart): string {
  const at: Places = {
    x: position(x, [AREA.left, AREA.right]),
    y: position(y, [AREA.bottom, AREA.top]),
  };
  const parts = [
    ...grid(x, y, at),
    ...marks.flatMap((mark, i) => dashedLine(mark, { at, below: i > 0 })),
    ...labels({ title, x, y }),
    ...series.flatMap((own, i) => [
      ...curve(own, { at, style: styleOf(i), aside: asideOf(i, series) }),
      ...legendEntry(own, i),
    ]),
  ];
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img"
  font-family="system-ui, sans-serif" font-size="12" fill="#1d2126">
<title>${escaped(title)}</title>
<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>
${parts.join("\n")}
</svg>
`;
}

/** From a value to its place in the picture, by axis. */
interface Places {
  x(value: number): number;
  y(value: number): number;
}

/** Lines and texts of the ticks of both axes. */
function grid(x: Axis, y: Axis, at: Places): string[] {
  const { left, right, top, bottom } = AREA;
  const stroke = 'stroke="#e3e1da"';
  return [
    ...x.ticks.flatMap(({ at: value, text: label }) => [
      line([at.x(value), top], [at.x(value), bottom], stroke),
      text(label, { x: at.x(value), y: bottom + 18, anchor: "middle" }),
    ]),
    ...y.ticks.flatMap(({ at: value, text: label }) => [
      line([left, at.y(value)], [right, at.y(value)], stroke),
      text(label, { x: left - 8, y: at.y(value) + 4, anchor: "end" }),
    ]),
  ];
}

/** A mark with its label above it, or `below`: lines may be closer than a label is high. */
function dashedLine(
  { at: value, text: label }: { at: number; text: string },
  { at, below }: { at: Places; below: boolean },
): string[] {
  const { left, right } = AREA;
  const y = at.y(value);
  return [
    line([left, y], [right, y], 'stroke="#5d6670" stroke-dasharray="5 4"'),
    text(label, {
      ...{ x: right - 4, y: y + (below ? 14 : -5), anchor: "end" },
      more: ' fill="#5d6670"',
    }),
  ];
}

/** The title and what the axes show. */
function labels({ title, x, y }: Pick<Chart, "title" | "x" | "y">): string[] {
  const { left, right, top, bottom } = AREA;
  const middle = (top + bottom) / 2;
  return [
    text(x.label, { x: (left + right) / 2, y: bottom + 42, anchor: "middle" }),
    text(y.label, {
      ...{ x: 16, y: middle, anchor: "middle" },
      more: ` transform="rotate(-90 16 ${short(middle)})"`,
    }),
    text(title, { x: left, y: 20, more: ' font-weight="600"' }),
  ];
}

/** The colour of a series, and its dashes: colours repeat with dashes. */
function styleOf(i: number): { colour: string; dash: string } {
  return {
    colour: COLOURS[i % COLOURS.length]!,
    dash: i < COLOURS.length ? "" : ' stroke-dasharray="6 3"',
  };
}

/** Shifts a series with intervals to the side, since intervals of neighbouring series would hide one another. */
function asideOf(i: number, series: readonly Series[]): number {
  const hasIntervals = series[i]!.points.some(({ low }) => low !== undefined);
  return hasIntervals ? (i - (series.length - 1) / 2) * 3 : 0;
}

/** The intervals, the line and the points of a series. */
function curve(
  { points }: Series,
  { at, style: { colour, dash }, aside }: {
    at: Places;
    style: ReturnType<typeof styleOf>;
    aside: number;
  },
): string[] {
  const stroke = `stroke="${colour}"`;
  const px = (point: Point) => at.x(point.x) + aside;
  const path = points.map((point, k) =>
    `${k ? "L" : "M"}${short(px(point))} ${short(at.y(point.y))}`
  );
  const intervals = points.flatMap((point) =>
    point.low === undefined || point.high === undefined ? [] : [
      line([px(point), at.y(point.low)], [px(point), at.y(point.high)], `${stroke} opacity="0.6"`),
    ]
  );
  return [
    ...intervals,
    `<path d="${path.join("")}" fill="none" ${stroke} stroke-width="2"${dash}/>`,
    ...points.map((point) =>
      `<circle cx="${short(px(point))}" cy="${short(at.y(point.y))}" r="3" fill="${colour}"/>`
    ),
  ];
}

function legendEntry({ label }: Series, i: number): string[] {
  const { right, top } = AREA;
  const { colour, dash } = styleOf(i);
  const y = top + 12 + 20 * i;
  return [
    line([right + 14, y], [right + 36, y], `stroke="${colour}" stroke-width="2"${dash}`),
    text(label, { x: right + 42, y: y + 4 }),
  ];
}

function text(
  content: string,
  { x, y, anchor = "start", more = "" }: { x: number; y: number; anchor?: string; more?: string },
): string {
  return `<text x="${short(x)}" y="${short(y)}" text-anchor="${anchor}"${more}>${
    escaped(content)
  }</text>`;
}

function line(from: [x: number, y: number], to: [x: number, y: number], style: string): string {
  const [x1, y1, x2, y2] = [...from, ...to].map(short);
  return `<line x1="${x1}" y1="${y1}" x2="${x2}" y2="${y2}" ${style}/>`;
}

function position(
  { min, max, log = false, reversed = false }: Axis,
  [from, to]: readonly [number, number],
): (value: number) => number {
  const scale = log ? Math.log10 : (value: number) => value;
  return (value) => {
    const share = (scale(Math.min(max, Math.max(min, value))) - scale(min)) /
      (scale(max) - scale(min));
    return from + (reversed ? 1 - share : share) * (to - from);
  };
}

function short(value: number): string {
  return String(Math.round(10 * value) / 10);
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}
