#pragma once

#include "inference/kernels.h"
#include "inference/kernels/vector.h"

/// See lth::inference::Kernels.
namespace lth::inference::LTH_ISA {

/// Output channels of the dense tile: as many as the registers hold beside three vectors of input.
inline constexpr int kDenseRows = kLanes == 16 ? 8 : 4;
/// Rows and vectors of a sparse tile: all accumulators stay in registers beside a weight (and a
/// product). Wide registers fill L1 with what the taps of a single row read; two rows share it.
inline constexpr int kSparseRows = kLanes == 16 ? 2 : 1;
inline constexpr int kSparseTile = kLanes == 16 ? 14 : 12;
/// See Kernels::window: 28 of 32 KB; with wide registers a tile of 32 channels, which exceeds L1
/// less often than more blocks pass sums through it.
inline constexpr int kWindow = kLanes == 16 ? 14848 : 7168;

void sparse(const ConvWork& work);
void dense(const ConvWork& work);
void close_chunks(const ChunkRow& row);
void pool(const float* in, float* out, int count);
void split(const float* in, float* even, float* odd, int count);
void unchunk(const float* in, float* out, int chunk);
void enchunk(const float* in, float* out, int chunk);

}  // namespace lth::inference::LTH_ISA
