/**
 * The layers of the C code in fixed point: 16-bit activations, each value of the network with a unit of its
 * own, times 16-bit or 8-bit weights. Sums are exact. One float multiplication an output brings them to the
 * unit of their value; no multiplication by a weight is one of floats.
 *
 * @module
 */

/** Placeholders as in c_template.ts. */
export const C_INT16 = `/* Positions whose sums are held at once. */
enum { BLOCK = 16 };

/* Rounds to whole units; what does not fit becomes the largest that does. */
static cell to_cell(float x) {
  if (x >= 32767.0f) return 32767;
  if (x <= -32767.0f) return -32767;
  return (cell)(x < 0.0f ? x - 0.5f : x + 0.5f);
}

/* Exact sums of a block of positions of one output channel. */
static void conv_block(const layer_work *layer, const cell *in, uint32_t channel, int64_t *sums,
                       uint32_t count) {
  const uint32_t *row = $name_rows + layer->rows + channel;
  const uint32_t width = row_width(&$name_rows_of[layer->input]);
  const uint32_t kernel = layer->kernel, stride = layer->stride;
  uint32_t entry, i;
  for (i = 0; i < count; ++i) sums[i] = 0;
  for (entry = row[0]; entry < row[1]; ++entry) {
    const uint32_t column = $name_columns[entry];
    const int32_t weight = $name_values[entry];
    const cell *x = in + column / kernel * width + column % kernel;
    for (i = 0; i < count; ++i) sums[i] += weight * x[i * stride];
  }
}

static void conv_channel(const layer_work *layer, cell *memory, uint32_t channel, cell *out,
                         uint32_t outputs) {
  const uint32_t to = (uint32_t)(layer - $name_layers) + 1;
  const cell *in = memory + $name_rows_of[layer->input].buffer + layer->offset;
  const cell *added = row_of(&$name_rows_of[layer->add], memory, channel) + layer->add_offset;
  const float scale = $name_unit[layer->table + channel] * $name_units[layer->input];
  const float bias = $name_bias[layer->table + channel];
  int64_t sums[BLOCK];
  uint32_t first, i;
  for (first = 0; first < outputs; first += BLOCK) {
    const uint32_t count = outputs - first < BLOCK ? outputs - first : BLOCK;
    conv_block(layer, in + first * layer->stride, channel, sums, count);
    for (i = 0; i < count; ++i) {
      float y = (float)sums[i] * scale + bias;
      if (channel < layer->add_channels) {
        const cell *x = added + (first + i) * layer->add_stride;
        y += (float)largest_of(x, layer->add_stride) * $name_units[layer->add];
      }
      out[first + i] = to_cell(y / $name_units[to]);
    }
  }
}

static void norm_channel(const layer_work *layer, cell *memory, uint32_t channel, cell *out,
                         uint32_t outputs) {
  const uint32_t to = (uint32_t)(layer - $name_layers) + 1;
  const cell *x = row_of(&$name_rows_of[layer->input], memory, channel) + layer->offset;
  const float scale = $name_scale[layer->table + channel] * $name_units[layer->input];
  const float shift = $name_shift[layer->table + channel];
  uint32_t i;
  for (i = 0; i < outputs; ++i) {
    const float y = scale * (float)x[i] + shift;
    out[i] = to_cell(y / $name_units[to]);
  }
}

static void shortcut_channel(const layer_work *layer, cell *memory, uint32_t channel, cell *out,
                             uint32_t outputs) {
  const uint32_t to = (uint32_t)(layer - $name_layers) + 1;
  const float scale = $name_units[layer->input] / $name_units[to];
  const cell *x;
  uint32_t i;
  for (i = 0; i < outputs; ++i) out[i] = 0;
  if (channel >= layer->add_channels) return;
  x = row_of(&$name_rows_of[layer->input], memory, channel) + layer->offset;
  for (i = 0; i < outputs; ++i) {
    out[i] = to_cell((float)largest_of(x + i * layer->stride, layer->stride) * scale);
  }
}

`;
