/**
 * The C code around the tables of an exported network, with placeholders such as `$name` and `$NAME`.
 *
 * @module
 */

export const C_HEADER = `#ifndef $NAME_H
#define $NAME_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define $NAME_HOP $hop         /* samples per push, at $rate Hz */
#define $NAME_CLASSES $classes
#define $NAME_LAG $lag         /* steps of look-ahead: logits of step t come with push t + LAG */
#define $NAME_$CELLS $cells

/* Class names in the order of the logits, and their priors.
$rule */
extern const char *const $name_classes[$NAME_CLASSES];
extern const float $name_priors[$NAME_CLASSES];

/* All memory that is needed; fill it with $name_reset. */
typedef struct {
  $cell memory[$NAME_$CELLS];
  int64_t pushes;  /* hops so far */
  int64_t steps;   /* length of the record in steps, -1 while it goes on */
  int64_t decided; /* steps whose logits were written so far */
  int64_t votes[$NAME_CLASSES];        /* of them, for each class */
  double sums[$NAME_CLASSES];          /* of their softmax */
  double probabilities[$NAME_CLASSES]; /* of their softmax(logits / temperature) */
} $name_state;

void $name_reset($name_state *state);

/* What the steps so far decide: the position of the record's class, -1 before the first step. After the
   last $name_flush it is the decision for the whole record. */
int $name_label(const $name_state *state);

/* Mean softmax(logits / temperature) of the steps so far, which sums to 1; zeros before the first step. */
void $name_probabilities(const $name_state *state, float probabilities[$NAME_CLASSES]);

/* One hop of samples in stored units (1000 per mV). Returns 1 if the logits of the next step were
   written, 0 while the look-ahead fills. */
int $name_push($name_state *state, const int16_t samples[$NAME_HOP],
               float logits[$NAME_CLASSES]);

/* After the last hop: call until it returns 0; every 1 brings the logits of one more step. The
   steps are then exactly those of the whole record. */
int $name_flush($name_state *state, float logits[$NAME_CLASSES]);

#ifdef __cplusplus
}
#endif

#endif
`;

export const C_CODE = `
/* What a layer reads or writes: per channel "history" positions from before, then "inputs" new ones. */
typedef struct {
  uint32_t buffer;  /* where its rows begin in the state's memory */
  uint16_t channels, inputs, history, delay;
} value_rows;

typedef $cell cell;

enum { CONV, NORM, SHORTCUT };

typedef struct {
  uint16_t op, relu;
  uint16_t input, offset;  /* a value; the position of its row where the first output begins to read */
  uint16_t kernel, stride;
  /* CONV: a value that is added, pooled by add_stride; add_channels 0: none. SHORTCUT: add_channels
     are pooled, the others are 0. */
  uint16_t add, add_offset, add_stride, add_channels;
  uint32_t rows;   /* CONV: where its row starts begin in $name_rows */
  uint32_t table;  /* CONV: of its biases; NORM: of its scales and shifts */
} layer_work;

$tables

static uint32_t row_width(const value_rows *value) {
  return (uint32_t)value->history + value->inputs;
}

static cell *row_of(const value_rows *value, cell *memory, uint32_t channel) {
  return memory + value->buffer + channel * row_width(value);
}

/* Where a hop's new positions of a channel go. */
static cell *fresh(const value_rows *value, cell *memory, uint32_t channel) {
  return row_of(value, memory, channel) + value->history;
}

static cell largest_of(const cell *x, uint32_t count) {
  cell most = x[0];
  uint32_t i;
  for (i = 1; i < count; ++i) most = x[i] > most ? x[i] : most;
  return most;
}

$arithmetic/* Outside the record every layer reads zeros. */
static void keep_inside(const $name_state *state, const value_rows *value, cell *out) {
  const int64_t first = state->pushes * value->inputs - value->delay;
  const int64_t end = state->steps < 0 ? INT64_MAX : state->steps * value->inputs;
  uint32_t i;
  for (i = 0; i < value->inputs; ++i) {
    if (first + (int64_t)i < 0 || first + (int64_t)i >= end) out[i] = 0;
  }
}

static void run_layer($name_state *state, uint32_t index) {
  const layer_work *layer = &$name_layers[index];
  const value_rows *to = &$name_rows_of[index + 1];
  uint32_t channel, i;
  for (channel = 0; channel < to->channels; ++channel) {
    cell *out = fresh(to, state->memory, channel);
    if (layer->op == CONV) {
      conv_channel(layer, state->memory, channel, out, to->inputs);
    } else if (layer->op == NORM) {
      norm_channel(layer, state->memory, channel, out, to->inputs);
    } else {
      shortcut_channel(layer, state->memory, channel, out, to->inputs);
    }
    if (layer->relu) {
      for (i = 0; i < to->inputs; ++i) out[i] = out[i] > 0 ? out[i] : 0;
    }
    keep_inside(state, to, out);
  }
}

static void forget(const value_rows *value, cell *memory) {
  uint32_t channel;
  if (value->history == 0) return;
  for (channel = 0; channel < value->channels; ++channel) {
    cell *row = row_of(value, memory, channel);
    memmove(row, row + value->inputs, value->history * sizeof(cell));
  }
}

/* softmax(logits / temperature) */
static void softmax(const float *logits, double temperature, double *out) {
  double largest = logits[0], total = 0.0;
  uint32_t c;
  for (c = 1; c < $NAME_CLASSES; ++c) {
    if (logits[c] > largest) largest = logits[c];
  }
  for (c = 0; c < $NAME_CLASSES; ++c) {
    out[c] = exp((logits[c] - largest) / temperature);
    total += out[c];
  }
  for (c = 0; c < $NAME_CLASSES; ++c) out[c] /= total;
}

/* Counts a step for the record's decision. */
static void decide($name_state *state, const float *logits) {
  double p[$NAME_CLASSES];
  uint32_t best = 0, c;
  softmax(logits, 1.0, p);
  for (c = 0; c < $NAME_CLASSES; ++c) {
    state->sums[c] += p[c];
    if (p[c] * $name_weights[c] > p[best] * $name_weights[best]) best = c;
  }
  state->votes[best] += 1;
  state->decided += 1;
  softmax(logits, $temperature, p);
  for (c = 0; c < $NAME_CLASSES; ++c) state->probabilities[c] += p[c];
}

static int run_hop($name_state *state, float *logits) {
  const value_rows *head = &$name_rows_of[LAYERS];
  const int64_t step = state->pushes - head->delay;
  uint32_t i;
  for (i = 0; i < LAYERS; ++i) run_layer(state, i);
  if (step >= 0) {
    for (i = 0; i < $NAME_CLASSES; ++i) logits[i] = *fresh(head, state->memory, i)$of_logit;
    decide(state, logits);
  }
  for (i = 0; i <= LAYERS; ++i) forget(&$name_rows_of[i], state->memory);
  state->pushes += 1;
  return step >= 0;
}

void $name_reset($name_state *state) {
  uint32_t i;
  for (i = 0; i < $NAME_$CELLS; ++i) state->memory[i] = 0;
  state->pushes = 0;
  state->steps = -1;
  state->decided = 0;
  for (i = 0; i < $NAME_CLASSES; ++i) {
    state->votes[i] = 0;
    state->sums[i] = 0.0;
    state->probabilities[i] = 0.0;
  }
}

int $name_label(const $name_state *state) {
  uint32_t label = 0, c;
  if (state->decided == 0) return -1;
  for (c = 1; c < $NAME_CLASSES; ++c) {
    const int64_t more = $more;
    const double share = state->sums[c] * $name_weights[c];
    if (more > 0 || (more == 0 && share > state->sums[label] * $name_weights[label])) label = c;
  }
  return (int)label;
}

void $name_probabilities(const $name_state *state, float probabilities[$NAME_CLASSES]) {
  const double steps = state->decided > 0 ? (double)state->decided : 1.0;
  uint32_t c;
  for (c = 0; c < $NAME_CLASSES; ++c) probabilities[c] = (float)(state->probabilities[c] / steps);
}

int $name_push($name_state *state, const int16_t samples[$NAME_HOP],
               float logits[$NAME_CLASSES]) {
  cell *in = fresh(&$name_rows_of[0], state->memory, 0);
  uint32_t i;
  for (i = 0; i < $NAME_HOP; ++i) in[i] = $to_input(((float)samples[i] - $mean) * $factor$of_input);
  return run_hop(state, logits);
}

int $name_flush($name_state *state, float logits[$NAME_CLASSES]) {
  cell *in = fresh(&$name_rows_of[0], state->memory, 0);
  uint32_t i;
  if (state->steps < 0) state->steps = state->pushes;
  while (state->pushes < state->steps + $NAME_LAG) {
    for (i = 0; i < $NAME_HOP; ++i) in[i] = 0;
    if (run_hop(state, logits)) return 1;
  }
  return 0;
}
`;

/** Layers in 32-bit floats. */
export const C_FLOATS = `/* One output channel of all positions of a hop. */
static void conv_row(const layer_work *layer, const float *memory, uint32_t channel, float *out,
                     uint32_t outputs) {
  const value_rows *from = &$name_rows_of[layer->input];
  const uint32_t *row = $name_rows + layer->rows + channel;
  const float *in = memory + from->buffer + layer->offset;
  const uint32_t width = row_width(from), kernel = layer->kernel, stride = layer->stride;
  const float bias = $name_bias[layer->table + channel];
  uint32_t entry, i;
  for (i = 0; i < outputs; ++i) out[i] = $start;
  for (entry = row[0]; entry < row[1]; ++entry) {
    const uint32_t column = $name_columns[entry];
    const float weight = (float)$name_values[entry];
    const float *x = in + column / kernel * width + column % kernel;
    for (i = 0; i < outputs; ++i) out[i] += weight * x[i * stride];
  }
$finish}

static void conv_channel(const layer_work *layer, float *memory, uint32_t channel, float *out,
                         uint32_t outputs) {
  const float *x;
  uint32_t i;
  conv_row(layer, memory, channel, out, outputs);
  if (channel >= layer->add_channels) return;
  x = row_of(&$name_rows_of[layer->add], memory, channel) + layer->add_offset;
  for (i = 0; i < outputs; ++i) out[i] += largest_of(x + i * layer->add_stride, layer->add_stride);
}

static void norm_channel(const layer_work *layer, float *memory, uint32_t channel, float *out,
                         uint32_t outputs) {
  const float *x = row_of(&$name_rows_of[layer->input], memory, channel) + layer->offset;
  const float scale = $name_scale[layer->table + channel];
  const float shift = $name_shift[layer->table + channel];
  uint32_t i;
  for (i = 0; i < outputs; ++i) out[i] = scale * x[i] + shift;
}

static void shortcut_channel(const layer_work *layer, float *memory, uint32_t channel, float *out,
                             uint32_t outputs) {
  const float *x;
  uint32_t i;
  for (i = 0; i < outputs; ++i) out[i] = 0.0f;
  if (channel >= layer->add_channels) return;
  x = row_of(&$name_rows_of[layer->input], memory, channel) + layer->offset;
  for (i = 0; i < outputs; ++i) out[i] = largest_of(x + i * layer->stride, layer->stride);
}

`;
