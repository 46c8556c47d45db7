/**
 * The shortcut of a residual block: max-pool by its stride, then zero channels after the input's.
 *
 * @module
 */
import { convOutput } from "./conv1d.ts";
import { eachValid, type Signals, zeros } from "./signals.ts";

/** Flat index of the first largest valid element of the window that becomes output position `p`. */
function argmaxOfWindow(
  x: Signals,
  window: { record: number; channel: number; position: number; stride: number },
): number {
  const { record, channel, position, stride } = window;
  const row = (record * x.channels + channel) * x.length;
  const begin = position * stride;
  const end = Math.min(begin + stride, x.lengths[record]!);
  let best = row + begin;
  for (let l = begin + 1; l < end; l++) {
    if (x.values[row + l]! > x.values[best]!) best = row + l;
  }
  return best;
}

/** [N, C, L] to [N, channels, ceil(L / stride)]. */
export function shortcut(
  x: Signals,
  options: { stride: number; channels: number },
): Signals {
  const { stride } = options;
  const y = convOutput(x, options);
  eachValid(y, (at, record, channel, position) => {
    if (channel >= x.channels) return;
    y.values[at] = x.values[argmaxOfWindow(x, { record, channel, position, stride })]!;
  });
  return y;
}

/** dx: each gradient goes to the first of equal maxima; those of the added channels go nowhere. */
export function shortcutBackward(
  x: Signals,
  options: { dy: Signals; stride: number },
): Signals {
  const { dy, stride } = options;
  const dx = zeros(x);
  eachValid(dy, (at, record, channel, position) => {
    if (channel >= x.channels) return;
    dx.values[argmaxOfWindow(x, { record, channel, position, stride })]! += dy.values[at]!;
  });
  return dx;
}
