#pragma once

#include <cmath>
#include <cstdint>

#include "lth/augment.h"
#include "lth/random.h"

/// The arithmetic of augmentation, shared by all backends: what is drawn for a slot of a batch, and
/// the samples that follow. Everything is a function of (seed, stream, slot) and the record.
///
/// The same bits on every backend and instruction set: products and sums are rounded one by one.
/// Hosts compile the kernels that include this with -ffp-contract=off; on GPUs `product` keeps the
/// compiler from fusing.
namespace lth {

LTH_HOST_DEVICE inline float product(float a, float b) {
#if defined(__CUDA_ARCH__)
  return __fmul_rn(a, b);
#else
  return a * b;
#endif
}

/// The `layer` of random_key for what is drawn here; norms count from 1, sign flips have 0.
enum AugmentLayer : uint32_t {
  kAugmentDraws = 0xffffffffU,
  kAugmentNoise = 0xfffffffeU,
  kAugmentBursts = 0xfffffffdU,
  kAugmentMixup = 0xfffffffcU,
};

/// Numbers that are drawn once for a slot: indices of random_bits under its key of kAugmentDraws.
enum AugmentDraw : uint32_t {
  kDrawStretch,
  kDrawWindow,
  kDrawAmplitude,
  kDrawWanderAmplitude,
  kDrawWanderFrequency,
  kDrawWanderPhase,
  kDrawNoise,
  kDrawMasks = 16,  ///< length of mask i at 2 i, its place at 2 i + 1
};

/// A key of its own for slot n.
LTH_HOST_DEVICE inline RandomKey slot_key(uint64_t seed, uint32_t stream, AugmentLayer layer,
                                          int n) {
  const RandomKey key = random_key(seed, stream, layer);
  return {random_bits(key, 2 * uint32_t(n)), random_bits(key, 2 * uint32_t(n) + 1)};
}

/// low + (high - low) * bits / 2^32, rounded once after the exact difference of two floats.
LTH_HOST_DEVICE inline double uniform(const Range& range, uint32_t bits) {
  return fma(double(range.high) - double(range.low), bits * 0x1p-32, double(range.low));
}

/// 0 to count - 1.
LTH_HOST_DEVICE inline int below(int count, uint32_t bits) {
  return int(uint64_t(bits) * uint64_t(count) >> 32);
}

/// 2^x from the Taylor series of 2^fraction, to about 1e-15; no library's exp2, as these differ.
LTH_HOST_DEVICE inline double power_of_two(double x) {
  const double whole = floor(x);
  const double t = (x - whole) * 0.69314718055994530942;
  double sum = 1;
  for (int k = 16; k > 0; --k) sum = fma(sum, t / k, 1.0);
  return ldexp(sum, int(whole));
}

/// log2 of (bits + 1/2) / 2^32, to about 1e-15.
LTH_HOST_DEVICE inline double log2_of(uint32_t bits) {
  int exponent = 0;
  const double mantissa = frexp((bits + 0.5) * 0x1p-32, &exponent);  // from 0.5 to 1
  const double z = (mantissa - 1) / (mantissa + 1);
  const double square = z * z;
  double sum = 0;  // of artanh(z) / z = 1 + z^2 / 3 + z^4 / 5 + ...
  for (int k = 33; k > 0; k -= 2) sum = fma(sum, square, 1.0 / k);
  return fma(z * sum, 2.88539008177792681472, double(exponent));  // 2 / ln 2
}

/// sin(2 pi phase / 2^32) to about 1e-7: folded to a quarter turn, then the Taylor series.
LTH_HOST_DEVICE inline float sine_of(uint32_t phase) {
  if ((phase + 0x40000000U) & 0x80000000U) phase = 0x80000000U - phase;
  const float f = float(int32_t(phase)) * 0x1p-31f;  // half turns, from -0.5 to 0.5
  const float z = product(f, f);
  float sum = -0.0073704309f;
  sum = product(sum, z) + 0.0821458866f;
  sum = product(sum, z) - 0.5992645293f;
  sum = product(sum, z) + 2.5501640399f;
  sum = product(sum, z) - 5.1677127800f;
  sum = product(sum, z) + 3.1415926536f;
  return product(f, sum);
}

/// What was drawn for a slot.
struct AugmentedSlot {
  const int16_t* samples;
  int source_length;  ///< samples of the record
  int valid;          ///< samples of the slot: a multiple of the hop
  uint32_t start;     ///< of the slot within the stretched record
  uint64_t step;      ///< in 2^-32 of a source sample, from one sample of the slot to the next
  float gain;         ///< normalisation, amplitude and sign in one
  float wander;       ///< 0: none
  uint32_t wander_phase, wander_step;
  float noise;        ///< of a unit of noise_of; 0: none
  RandomKey noise_key;
  int mask_begin[Augmentation::kMostMasks], mask_end[Augmentation::kMostMasks];
};

/// @param length of the batch; @param inv_std negative where the record is to be negated
LTH_HOST_DEVICE inline AugmentedSlot draw_slot(const Augmentation& a, const int16_t* samples,
                                               int source_length, int length, float inv_std,
                                               uint64_t seed, uint32_t stream, int n) {
  const RandomKey key = slot_key(seed, stream, kAugmentDraws, n);
  const auto draw = [key](uint32_t index) { return random_bits(key, index); };
  AugmentedSlot slot;
  slot.samples = samples;
  slot.source_length = source_length;
  const double factor = uniform(a.stretch, draw(kDrawStretch));
  const int stretched = int(source_length * factor);
  slot.valid = (stretched < length ? stretched : length) / a.hop * a.hop;
  slot.start = uint32_t(below(stretched - slot.valid + 1, draw(kDrawWindow)));
  slot.step = uint64_t(4294967296.0 / factor + 0.5);

  const double amplitude = power_of_two(uniform(a.log2_amplitude, draw(kDrawAmplitude)));
  slot.gain = float(amplitude * inv_std);
  const double unit = inv_std < 0 ? -double(inv_std) : double(inv_std);
  slot.wander = float(uniform(a.wander_amplitude, draw(kDrawWanderAmplitude)) * unit);
  slot.wander_phase = draw(kDrawWanderPhase);
  slot.wander_step =
      uint32_t(uniform(a.wander_frequency, draw(kDrawWanderFrequency)) * 4294967296.0);
  // noise_of has the variance 8 (2^16 - 1) / 12.
  slot.noise = float(uniform(a.noise, draw(kDrawNoise)) * unit * 0.0047841961545);
  slot.noise_key = slot_key(seed, stream, kAugmentNoise, n);
  for (int i = 0; i < a.masks; ++i) {
    const int drawn = 1 + below(a.mask_length, draw(kDrawMasks + 2 * uint32_t(i)));
    const int most = slot.valid / 2;
    const int size = drawn < most ? drawn : most;
    const int begin = below(slot.valid - size + 1, draw(kDrawMasks + 2 * uint32_t(i) + 1));
    slot.mask_begin[i] = begin;
    slot.mask_end[i] = begin + size;
  }
  return slot;
}

/// The stretched record at position l of the slot: the Catmull-Rom spline through its samples, the
/// first and the last repeated beyond its ends.
LTH_HOST_DEVICE inline float resampled(const AugmentedSlot& slot, int l) {
  const uint64_t position = (slot.start + uint64_t(l)) * slot.step;
  const int last = slot.source_length - 1;
  int i = int(position >> 32);
  if (i > last) i = last;
  const int32_t b = slot.samples[i];
  const int32_t a = slot.samples[i > 0 ? i - 1 : 0];
  const int32_t c = slot.samples[i + 1 < last ? i + 1 : last];
  const int32_t d = slot.samples[i + 2 < last ? i + 2 : last];
  const float t = float(uint32_t(position) >> 8) * 0x1p-24f;
  // The coefficients are whole numbers below 2^24: exact.
  float sum = product(float(3 * (b - c) + d - a), t) + float(2 * a - 5 * b + 4 * c - d);
  sum = product(sum, t) + float(c - a);
  return float(b) + product(sum, 0.5f * t);
}

/// Noise of position l: the sum of eight uniform bytes around its mean, which is nearly normal.
LTH_HOST_DEVICE inline float noise_of(RandomKey key, int l) {
  const uint32_t a = random_bits(key, 2 * uint32_t(l)), b = random_bits(key, 2 * uint32_t(l) + 1);
  const uint32_t pairs = (a & 0x00ff00ffU) + (a >> 8 & 0x00ff00ffU) + (b & 0x00ff00ffU) +
                         (b >> 8 & 0x00ff00ffU);
  return float(int(pairs & 0xffffU) + int(pairs >> 16) - 1020);
}

/// Position l of the slot before bursts and masks.
LTH_HOST_DEVICE inline float augmented_sample(const AugmentedSlot& slot, float mean, int l) {
  float x = product(resampled(slot, l) - mean, slot.gain);
  if (slot.wander != 0) {
    x += product(slot.wander, sine_of(slot.wander_phase + slot.wander_step * uint32_t(l)));
  }
  if (slot.noise != 0) x += product(slot.noise, noise_of(slot.noise_key, l));
  return x;
}

/// A burst begins at a position where its random bits are below it.
LTH_HOST_DEVICE inline uint32_t burst_threshold(const Augmentation& a) {
  return uint32_t(a.burst_probability * 4294967296.0);
}

/// What a slot is mixed with. Its own share of the samples and of the loss is `share`.
struct Mixing {
  int partner;  ///< slot
  float share;  ///< 1: not mixed
};

/// Zhang et al. 2018, with a partner drawn among the other slots. Beta(alpha, alpha) by Jöhnk 1964:
/// x = u^(1/alpha) and y = v^(1/alpha) of uniform u and v are taken once x + y <= 1.
LTH_HOST_DEVICE inline Mixing draw_mixing(double alpha, int records, uint64_t seed,
                                          uint32_t stream, int n) {
  constexpr uint32_t kMostTries = 200;  // at alpha 2 one in six is taken
  const RandomKey key = slot_key(seed, stream, kAugmentMixup, n);
  if (records < 2 || !(alpha > 0)) return {n, 1.0f};
  const int partner = (n + 1 + below(records - 1, random_bits(key, 0))) % records;
  for (uint32_t i = 0; i < kMostTries; ++i) {
    const double x = power_of_two(log2_of(random_bits(key, 2 * i + 1)) / alpha);
    const double y = power_of_two(log2_of(random_bits(key, 2 * i + 2)) / alpha);
    if (x + y <= 1) return {partner, float(x / (x + y))};
  }
  return {partner, 0.5f};
}

LTH_HOST_DEVICE inline float mixed(const Mixing& mixing, float own, float partner) {
  return product(mixing.share, own) + product(1 - mixing.share, partner);
}

}  // namespace lth
