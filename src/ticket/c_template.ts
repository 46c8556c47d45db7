/**
 * The C code around the tables of an exported network. `$name` and `$NAME` are replaced.
 *
 * @module
 */

export const C_HEADER = `#ifndef $NAME_H
#define $NAME_H

#include <stdint.h>

#define $NAME_HOP $hop         /* samples per push, at $rate Hz */
#define $NAME_CLASSES $classes
#define $NAME_LAG $lag         /* steps of look-ahead: logits of step t come with push t + LAG */
#define $NAME_FLOATS $floats

/* Class names in the order of the logits, and their priors.
$rule */
extern const char *const $name_classes[$NAME_CLASSES];
extern const float $name_priors[$NAME_CLASSES];

/* All memory that is needed; fill it with $name_reset. */
typedef struct {
  float memory[$NAME_FLOATS];
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

#endif
`;

export const C_CODE = `
typedef struct {
  uint16_t in_channels, out_channels, kernel, stride;
  uint32_t rows;    /* where its row starts begin in $name_rows, its biases in $name_bias */
  uint32_t bias;
  uint32_t buffer;  /* where its input begins in the state's memory */
  uint16_t inputs, history, outputs, delay;
} conv_layer;

typedef struct {
  uint32_t buffer;  /* of the residual that the block's shortcut reads */
  uint16_t channels, inputs, history;
  uint32_t norm;    /* of the norm after the block in $name_scale and $name_shift */
} block_layer;

$tables

static uint32_t row_width(const conv_layer *layer) {
  return (uint32_t)layer->history + layer->inputs;
}

/* One output channel of all positions of a hop. */
static void conv_row(const conv_layer *layer, const float *memory, uint32_t channel, float *out) {
  const uint32_t *row = $name_rows + layer->rows + channel;
  const float *in = memory + layer->buffer;
  const uint32_t width = row_width(layer), kernel = layer->kernel, stride = layer->stride;
  const uint32_t outputs = layer->outputs;
  const float bias = $name_bias[layer->bias + channel];
  uint32_t entry, i;
  for (i = 0; i < outputs; ++i) out[i] = $start;
  for (entry = row[0]; entry < row[1]; ++entry) {
    const uint32_t column = $name_columns[entry];
    const float weight = (float)$name_values[entry];
    const float *x = in + column / kernel * width + column % kernel;
    for (i = 0; i < outputs; ++i) out[i] += weight * x[i * stride];
  }
$finish}

/* Outside the record every layer reads zeros. */
static void keep_inside(const $name_state *state, const conv_layer *from, float *out) {
  const int64_t first = state->pushes * from->outputs - from->delay;
  const int64_t end = state->steps < 0 ? INT64_MAX : state->steps * from->outputs;
  uint32_t i;
  for (i = 0; i < from->outputs; ++i) {
    if (first + (int64_t)i < 0 || first + (int64_t)i >= end) out[i] = 0.0f;
  }
}

static float positive(float x) { return x > 0.0f ? x : 0.0f; }

/* Where a hop's new positions of a channel go in the input of a layer. */
static float *fresh(const conv_layer *layer, float *memory, uint32_t channel) {
  return memory + layer->buffer + channel * row_width(layer) + layer->history;
}

static void forget(float *rows, uint32_t channels, uint32_t history, uint32_t inputs) {
  uint32_t channel;
  if (history == 0) return;
  for (channel = 0; channel < channels; ++channel) {
    float *row = rows + channel * (history + inputs);
    memmove(row, row + inputs, history * sizeof(float));
  }
}

static float *residual_row(const block_layer *block, float *memory, uint32_t channel) {
  return memory + block->buffer + channel * ((uint32_t)block->history + block->inputs);
}

static void run_stem($name_state *state) {
  const conv_layer *stem = &$name_convs[0], *next = &$name_convs[1];
  uint32_t channel;
  for (channel = 0; channel < stem->out_channels; ++channel) {
    float *out = fresh(next, state->memory, channel);
    float *residual = residual_row(&$name_blocks[0], state->memory, channel);
    uint32_t i;
    conv_row(stem, state->memory, channel, out);
    for (i = 0; i < stem->outputs; ++i) out[i] = positive(out[i]);
    keep_inside(state, stem, out);
    memcpy(residual + $name_blocks[0].history, out, stem->outputs * sizeof(float));
  }
}

static void run_block($name_state *state, uint32_t index) {
  const block_layer *block = &$name_blocks[index];
  const conv_layer *first = &$name_convs[2 * index + 1], *second = first + 1, *next = first + 2;
  const uint32_t stride = first->stride;
  float row[$NAME_HOP];
  uint32_t channel, i;
  for (channel = 0; channel < first->out_channels; ++channel) {
    float *out = fresh(second, state->memory, channel);
    conv_row(first, state->memory, channel, out);
    for (i = 0; i < first->outputs; ++i) out[i] = positive(out[i]);
    keep_inside(state, first, out);
  }
  for (channel = 0; channel < second->out_channels; ++channel) {
    const float scale = $name_scale[block->norm + channel];
    const float shift = $name_shift[block->norm + channel];
    float *out = fresh(next, state->memory, channel);
    conv_row(second, state->memory, channel, row);
    if (channel < block->channels) {
      const float *x = residual_row(block, state->memory, channel);
      for (i = 0; i < second->outputs; ++i) {
        const float a = x[i * stride], b = x[i * stride + stride - 1];
        row[i] += a > b ? a : b;
      }
    }
    if (index + 1 < BLOCKS) {
      const block_layer *after = block + 1;
      float *residual = residual_row(after, state->memory, channel) + after->history;
      memcpy(residual, row, second->outputs * sizeof(float));
    }
    for (i = 0; i < second->outputs; ++i) out[i] = positive(scale * row[i] + shift);
    keep_inside(state, second, out);
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
  const conv_layer *head = &$name_convs[CONVS - 1];
  const int64_t step = state->pushes - head->delay;
  uint32_t i;
  run_stem(state);
  for (i = 0; i < BLOCKS; ++i) run_block(state, i);
  if (step >= 0) {
    for (i = 0; i < $NAME_CLASSES; ++i) conv_row(head, state->memory, i, logits + i);
    decide(state, logits);
  }
  for (i = 0; i < CONVS; ++i) {
    const conv_layer *layer = &$name_convs[i];
    forget(state->memory + layer->buffer, layer->in_channels, layer->history, layer->inputs);
  }
  for (i = 0; i < BLOCKS; ++i) {
    const block_layer *block = &$name_blocks[i];
    forget(state->memory + block->buffer, block->channels, block->history, block->inputs);
  }
  state->pushes += 1;
  return step >= 0;
}

void $name_reset($name_state *state) {
  uint32_t i;
  for (i = 0; i < $NAME_FLOATS; ++i) state->memory[i] = 0.0f;
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
  float *in = fresh(&$name_convs[0], state->memory, 0);
  uint32_t i;
  for (i = 0; i < $NAME_HOP; ++i) in[i] = ((float)samples[i] - $mean) * $factor;
  return run_hop(state, logits);
}

int $name_flush($name_state *state, float logits[$NAME_CLASSES]) {
  float *in = fresh(&$name_convs[0], state->memory, 0);
  uint32_t i;
  if (state->steps < 0) state->steps = state->pushes;
  while (state->pushes < state->steps + $NAME_LAG) {
    for (i = 0; i < $NAME_HOP; ++i) in[i] = 0.0f;
    if (run_hop(state, logits)) return 1;
  }
  return 0;
}
`;
