#include "inference/kernels/loops.h"

namespace lth::inference::LTH_ISA {
namespace {

/// Lanes [begin, end) of a vector set to 0.
inline void zero_lanes(float* p, int begin, int end) {
  for (int i = begin; i < end; ++i) p[i] = 0;
}

typedef float Four __attribute__((vector_size(16)));
typedef float UnalignedFour __attribute__((vector_size(16), aligned(4), may_alias));

/// out[j][i] = in[i][j] for i, j < 4; the compiler's own gathers are slower than single loads.
inline void transpose4(const float* in, int in_row, float* out, int out_row) {
  const auto row = [&](int i) -> Four {
    return *reinterpret_cast<const UnalignedFour*>(in + i * in_row);
  };
  const Four a = row(0), b = row(1), c = row(2), d = row(3);
  const Four ab_low = __builtin_shufflevector(a, b, 0, 4, 1, 5);
  const Four ab_high = __builtin_shufflevector(a, b, 2, 6, 3, 7);
  const Four cd_low = __builtin_shufflevector(c, d, 0, 4, 1, 5);
  const Four cd_high = __builtin_shufflevector(c, d, 2, 6, 3, 7);
  const Four columns[4] = {__builtin_shufflevector(ab_low, cd_low, 0, 1, 4, 5),
                           __builtin_shufflevector(ab_low, cd_low, 2, 3, 6, 7),
                           __builtin_shufflevector(ab_high, cd_high, 0, 1, 4, 5),
                           __builtin_shufflevector(ab_high, cd_high, 2, 3, 6, 7)};
  for (int j = 0; j < 4; ++j) *reinterpret_cast<UnalignedFour*>(out + j * out_row) = columns[j];
}

}  // namespace

void close_chunks(const ChunkRow& r) {
  for (int lane = kLanes - 1; lane >= 0; --lane) {
    int valid = r.length - lane * r.chunk;
    if (valid >= r.chunk) break;
    if (valid < 0) valid = 0;
    for (int p = valid; p < r.chunk; ++p) r.row[p * kLanes + lane] = 0;
  }
  // One float further left or right is the neighbouring chunk's lane.
  for (int p = -r.left; p < 0; ++p) {
    float* to = r.row + ptrdiff_t(p) * kLanes;
    store(to, load(r.row + ptrdiff_t(p + r.chunk) * kLanes - 1));
    zero_lanes(to, 0, 1);
  }
  for (int p = 0; p < r.right; ++p) {
    float* to = r.row + ptrdiff_t(r.chunk + p) * kLanes;
    store(to, load(r.row + ptrdiff_t(p) * kLanes + 1));
    zero_lanes(to, kLanes - 1, kLanes);
  }
}

void pool(const float* __restrict in, float* __restrict out, int count) {
  for (int p = 0; p < count; ++p) out[p] = in[2 * p] > in[2 * p + 1] ? in[2 * p] : in[2 * p + 1];
}

void split(const float* __restrict in, float* __restrict even, float* __restrict odd, int count) {
  for (int p = 0; p < count; ++p) {
    even[p] = in[2 * p];
    odd[p] = in[2 * p + 1];
  }
}

void unchunk(const float* in, float* out, int chunk) {
  int p = 0;
  for (; p + 4 <= chunk; p += 4) {
    for (int lane = 0; lane < kLanes; lane += 4) {
      transpose4(in + p * kLanes + lane, kLanes, out + lane * chunk + p, chunk);
    }
  }
  for (; p < chunk; ++p) {
    for (int lane = 0; lane < kLanes; ++lane) out[lane * chunk + p] = in[p * kLanes + lane];
  }
}

void enchunk(const float* in, float* out, int chunk) {
  int p = 0;
  for (; p + 4 <= chunk; p += 4) {
    for (int lane = 0; lane < kLanes; lane += 4) {
      transpose4(in + lane * chunk + p, chunk, out + p * kLanes + lane, kLanes);
    }
  }
  for (; p < chunk; ++p) {
    for (int lane = 0; lane < kLanes; ++lane) out[p * kLanes + lane] = in[lane * chunk + p];
  }
}

}  // namespace lth::inference::LTH_ISA
