#pragma once

#include "cuda/conv1d_tiling.h"

/// Tile size and cost of a warp of each dense engine of the passes (host only).
namespace lth::cuda::conv {

/// Registers per thread of pass_kernel on sm_90, as ptxas of CUDA 13.0 reports them. The number of
/// warps that fit is important, and scripts/cuda_resources.sh --check compares it with a build's.
struct EngineRegisters {
  const char* engine;
  int registers;
};
inline constexpr EngineRegisters kTf32Wide = {"MmaPass<(lth::Precision)1, 2, 8>", 240};
inline constexpr EngineRegisters kTf32Narrow = {"MmaPass<(lth::Precision)1, 2, 4>", 154};
inline constexpr EngineRegisters kBf16Wide = {"MmaPass<(lth::Precision)2, 2, 8>", 242};
inline constexpr EngineRegisters kBf16Narrow = {"MmaPass<(lth::Precision)2, 2, 4>", 158};
inline constexpr EngineRegisters kWgmmaWide = {"WgmmaPass<16>", 241};
inline constexpr EngineRegisters kWgmmaNarrow = {"WgmmaPass<9>", 186};
inline constexpr EngineRegisters kSimtFloat = {"SimtPass<float>", 175};
inline constexpr EngineRegisters kSimtBf16 = {"SimtPass<lth::cuda::Bf16>", 180};
inline constexpr EngineRegisters kSparseFloat = {"SparsePass<float>", 142};
inline constexpr EngineRegisters kSparseBf16 = {"SparsePass<lth::cuda::Bf16>", 165};

/// Cycles: instructions per tap of a chunk over the rate of a multiprocessor. Tensor cores: 0.6 of
/// the peak is what mma.sync reaches on Hopper, and its fragments of 1.5 KiB come at 128 bytes a
/// cycle, of which a fifth is not hidden; wgmma: 0.8 of the peak, which is 64 x 256 x 16 products in
/// 128 cycles; SIMT: four multiply-add instructions a cycle.
inline constexpr double kFragmentCycles = 0.2 * 1536 / 128;
inline constexpr double kWideCycles = 32 / 0.6 + kFragmentCycles;
inline constexpr double kNarrowCycles = 16 / 0.6 + kFragmentCycles;
inline constexpr EngineShape kTf32Shapes[] = {{32, 8, kTf32Wide.registers, kWideCycles, 1024},
                                              {32, 4, kTf32Narrow.registers, kNarrowCycles, 1024}};
inline constexpr EngineShape kBf16Shapes[] = {{32, 8, kBf16Wide.registers, kWideCycles, 1024},
                                              {32, 4, kBf16Narrow.registers, kNarrowCycles, 1024}};
/// Products are queued, so that two groups of warps, or one and what it queues, are enough.
inline constexpr EngineShape kWgmmaShapes[] = {
    {64, kWgmmaWideSteps, kWgmmaWide.registers, 128 / 0.8 / 4, 2048, 4, 6},
    {64, kWgmmaNarrowSteps, kWgmmaNarrow.registers, 72 / 0.8 / 4, 2048, 4, 6}};
inline constexpr double kSimtCycles = 96.0 / 4 * kSimtChunk / 0.8;
inline constexpr double kSimtBytes = kSimtRows * kSimtChunk * sizeof(float);
inline constexpr EngineShape kSimtFloatShape = {kSimtRows, kSimtSteps, kSimtFloat.registers,
                                                kSimtCycles, kSimtBytes};
inline constexpr EngineShape kSimtBf16Shape = {kSimtRows, kSimtSteps, kSimtBf16.registers,
                                               kSimtCycles, kSimtBytes};

}  // namespace lth::cuda::conv
