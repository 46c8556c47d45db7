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
  const atX = position(x, [AREA.left, AREA.right]);
  const atY = position(y, [AREA.bottom, AREA.top]);
  const { left, right, top, bottom } = AREA;
  const text = (
    content: string,
    { x, y, anchor = "start", more = "" }: { x: number; y: number; anchor?: string; more?: string },
  ) =>
    `<text x="${short(x)}" y="${short(y)}" text-anchor="${anchor}"${more}>${
      escaped(content)
    }</text>`;
  const line = (x1: number, y1: number, x2: number, y2: number, style: string) =>
    `<line x1="${short(x1)}" y1="${short(y1)}" x2="${short(x2)}" y2="${short(y2)}" ${style}/>`;
  const grid = 'stroke="#e3e1da"';
  const parts = [
    ...x.ticks.flatMap(({ at, text: label }) => [
      line(atX(at), top, atX(at), bottom, grid),
      text(label, { x: atX(at), y: bottom + 18, anchor: "middle" }),
    ]),
    ...y.ticks.flatMap(({ at, text: label }) => [
      line(left, atY(at), right, atY(at), grid),
      text(label, { x: left - 8, y: atY(at) + 4, anchor: "end" }),
    ]),
    // The second label is below its line: lines may be closer than a label is high.
    ...marks.flatMap(({ at, text: label }, i) => [
      line(left, atY(at), right, atY(at), 'stroke="#5d6670" stroke-dasharray="5 4"'),
      text(label, {
        ...{ x: right - 4, y: atY(at) + (i === 0 ? -5 : 14), anchor: "end" },
        more: ' fill="#5d6670"',
      }),
    ]),
    text(x.label, { x: (left + right) / 2, y: bottom + 42, anchor: "middle" }),
    text(y.label, {
      x: 16,
      y: (top + bottom) / 2,
      anchor: "middle",
      more: ` transform="rotate(-90 16 ${short((top + bottom) / 2)})"`,
    }),
    text(title, { x: left, y: 20, more: ' font-weight="600"' }),
    ...series.flatMap(({ label, points }, i) => {
      const colour = COLOURS[i % COLOURS.length]!;
      const stroke = `stroke="${colour}"`;
      // Intervals of neighbouring series would hide one another.
      const hasIntervals = points.some(({ low }) => low !== undefined);
      const aside = hasIntervals ? (i - (series.length - 1) / 2) * 3 : 0;
      const px = (point: Point) => atX(point.x) + aside;
      const dash = i < COLOURS.length ? "" : ' stroke-dasharray="6 3"';
      const path = points.map((point, k) =>
        `${k ? "L" : "M"}${short(px(point))} ${short(atY(point.y))}`
      );
      return [
        ...points.flatMap((point) =>
          point.low === undefined || point.high === undefined ? [] : [
            line(
              px(point),
              atY(point.low),
              px(point),
              atY(point.high),
              `${stroke} opacity="0.6"`,
            ),
          ]
        ),
        `<path d="${path.join("")}" fill="none" ${stroke} stroke-width="2"${dash}/>`,
        ...points.map((point) =>
          `<circle cx="${short(px(point))}" cy="${short(atY(point.y))}" r="3" fill="${colour}"/>`
        ),
        line(
          right + 14,
          top + 12 + 20 * i,
          right + 36,
          top + 12 + 20 * i,
          `${stroke} stroke-width="2"${dash}`,
        ),
        text(label, { x: right + 42, y: top + 16 + 20 * i }),
      ];
    }),
  ];
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img"
  font-family="system-ui, sans-serif" font-size="12" fill="#1d2126">
<title>${escaped(title)}</title>
<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>
${parts.join("\n")}
</svg>
`;
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
