#pragma once

#include "cuda/conv1d_rows.h"
#include "cuda/norm_parts.h"
#include "cuda/norm_view.h"

/// The partial sums of a norm, computed from a pass's results while they are in registers: in a
/// forward pass the statistics for the next norm, in a dgrad the gradient sums for the previous
/// norm. The results are rounded as they are stored, so a kernel that reads them from memory gets
/// the same values.
namespace lth::cuda::conv {

struct Measure {
  enum class Kind { nothing, statistics, gradient };
  Kind kind = Kind::nothing;
  NormPart* parts = nullptr;  ///< [channels][count]
  int count = 0;              ///< parts of a channel: [groups][set 0's, set 1's]
  int per_set[2] = {0, 0};    ///< parts of a group in each set
  const int32_t* lengths = nullptr;  ///< [groups * 16] of the results
  // Gradient only.
  NormView view;              ///< the norm's forward
  Rows x;                     ///< its input
};

/// The place of a thread's results: value i is four records at position first + i * step.
struct MeasureSite {
  int group, channel, part;
  int first, step, quad;
  bool exists;  ///< false: the channel does not, the thread only takes part

  __device__ int position(int i) const { return first + i * step; }
};

__device__ inline bool holds(const int4& lengths, int record, int position) {
  return position < (record == 0   ? lengths.x
                     : record == 1 ? lengths.y
                     : record == 2 ? lengths.z
                                   : lengths.w);
}

/// Adds up what `Width` neighbouring lanes have of a channel and writes the part.
template <int Width>
__device__ inline void write_part(const Measure& m, const MeasureSite& site, float first,
                                  float second, float pilot, int count) {
  double sums[2] = {double(first), double(second)};
  LTH_UNROLL
  for (int bit = 1; bit < Width; bit *= 2) {
    sums[0] += __shfl_xor_sync(kAllLanes, sums[0], bit);
    sums[1] += __shfl_xor_sync(kAllLanes, sums[1], bit);
    count += __shfl_xor_sync(kAllLanes, count, bit);
  }
  if (site.exists && threadIdx.x % Width == 0) {
    m.parts[size_t(site.channel) * size_t(m.count) + site.part] = {float(sums[0]), float(sums[1]),
                                                                   pilot, count};
  }
}

/// Whole warps only; all threads of a warp call this with the same m.
/// @param n lengths of the four records
template <int Width, int Count>
__device__ inline void measure_statistics(const Measure& m, const MeasureSite& site, const int4& n,
                                          float4 (&values)[Count]) {
  // Any valid value is a good pilot, if all lanes take the same.
  float pilot = 0;
  bool found = false;
  LTH_UNROLL
  for (int i = 0; i < Count; ++i) {
    LTH_UNROLL
    for (int c = 0; c < 4; ++c) {
      if (found || !holds(n, c, site.position(i))) continue;
      found = true;
      pilot = component(values[i], c);
    }
  }
  const int lane = int(threadIdx.x) % kWarp;
  const unsigned own = kAllLanes >> (kWarp - Width) << (lane / Width * Width);
  const unsigned holders = __ballot_sync(kAllLanes, found) & own;
  pilot = __shfl_sync(kAllLanes, pilot, holders ? __ffs(int(holders)) - 1 : lane);

  float sum = 0, square = 0;  // of at most 32 values before they go to double
  int count = 0;
  LTH_UNROLL
  for (int i = 0; i < Count; ++i) {
    LTH_UNROLL
    for (int c = 0; c < 4; ++c) {
      if (!holds(n, c, site.position(i))) continue;
      const float d = component(values[i], c) - pilot;
      sum += d;
      square = fmaf(d, d, square);
      ++count;
    }
  }
  write_part<Width>(m, site, sum, square, holders ? pilot : 0.0f, count);
}

/// Value i of the norm's input, whose gradient is measured.
template <class T>
__device__ inline float4 measured_input(const Measure& m, const MeasureSite& site, int i) {
  return load4(m.x.row<T>(site.group, site.channel) + size_t(site.position(i)) * kLanes +
               4 * site.quad);
}

/// The same of the norm's gradient: `values` are of its result, `x` of its input.
template <class T, int Width, int Count>
__device__ inline void measure_gradient(const Measure& m, const MeasureSite& site, const int4& n,
                                        float4 (&values)[Count], float4 (&x)[Count]) {
  const NormReader<4> reader(m.view, site.group, 4 * site.quad, n);
  float sum = 0, product = 0;
  int count = 0;
  if (site.exists) {
    const float4 map = reader.map_of(site.channel);
    LTH_UNROLL
    for (int i = 0; i < Count; ++i) {
      const int p = site.position(i);
      if (p >= m.x.length) continue;
      const uint32_t kept = reader.kept(site.channel, p);
      LTH_UNROLL
      for (int c = 0; c < 4; ++c) {
        if (!reader.holds(c, p)) continue;
        const float y = as_stored<T>(reader(map, kept, c, component(x[i], c)));
        const float g = reader.passed(component(values[i], c), y);
        sum += g;
        product = fmaf(g, component(x[i], c) - map.x, product);
        ++count;
      }
    }
  }
  write_part<Width>(m, site, sum, product, 0, count);
}

}  // namespace lth::cuda::conv
