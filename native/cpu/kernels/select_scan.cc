#include "cpu/kernels/select_scan.h"

#include <algorithm>

namespace lth::cpu::LTH_ISA {
namespace {

constexpr size_t kBlock = 16;

/// What is found in a stretch of at most a few thousand values goes to buffers on the stack first.
constexpr size_t kStretch = 2048;

struct Found {
  uint32_t key[kStretch + kBlock];
  uint32_t index[kStretch + kBlock];
  size_t count = 0;
};

/// One value; the plain statement of what the vector code does sixteen at a time.
inline bool scan_value(const ScanInput& in, const Bracket& bracket, size_t i, bool collect,
                       Found& found, ScanResult& result) {
  const uint32_t key = magnitude(in.value[i]);
  const bool alive = !in.alive || in.alive[i];
  const bool above = alive && key > bracket.high;
  const bool inside = alive && !above && key >= bracket.low;
  in.mask[i] = above;
  result.above += above;
  result.inside += inside;
  if (inside && collect) {
    found.key[found.count] = key;
    found.index[found.count] = uint32_t(i);
    ++found.count;
  }
  return alive && key > kInfinity;
}

/// Scans [begin, end); returns whether there was an alive NaN.
bool scan_stretch(const ScanInput& in, const Bracket& bracket, size_t begin, size_t end,
                  bool collect, Found& found, ScanResult& result) {
  size_t i = begin;
  bool nan = false;
#if defined(__AVX512F__)
  const __m512i magnitude_bits = _mm512_set1_epi32(0x7fffffff);
  const __m512i low = _mm512_set1_epi32(int(bracket.low));
  const __m512i high = _mm512_set1_epi32(int(bracket.high));
  const __m512i infinity = _mm512_set1_epi32(int(kInfinity));
  const __m512i step = _mm512_set1_epi32(int(kBlock));
  __m512i index = _mm512_add_epi32(
      _mm512_set1_epi32(int(i)),
      _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15));
  __mmask16 any_nan = 0;
  for (; i + kBlock <= end; i += kBlock) {
    const __m512i key =
        _mm512_and_epi32(_mm512_loadu_si512(in.value + i), magnitude_bits);
    __mmask16 alive = 0xffff;
    if (in.alive) {
      const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(in.alive + i));
      alive = _mm_test_epi8_mask(bytes, bytes);
    }
    const __mmask16 above = _mm512_mask_cmpgt_epu32_mask(alive, key, high);
    const __mmask16 inside =
        _mm512_mask_cmpge_epu32_mask(__mmask16(alive & ~above), key, low);
    any_nan |= _mm512_mask_cmpgt_epu32_mask(alive, key, infinity);
    _mm_storeu_si128(reinterpret_cast<__m128i*>(in.mask + i), _mm_maskz_set1_epi8(above, 1));
    result.above += std::popcount(uint32_t(above));
    const int count = std::popcount(uint32_t(inside));
    result.inside += count;
    if (collect) {
      // Compressed in a register: the memory form is slow on Zen 4.
      _mm512_storeu_si512(found.key + found.count, _mm512_maskz_compress_epi32(inside, key));
      _mm512_storeu_si512(found.index + found.count, _mm512_maskz_compress_epi32(inside, index));
      found.count += size_t(count);
    }
    index = _mm512_add_epi32(index, step);
  }
  nan = any_nan != 0;
#endif
  for (; i < end; ++i) nan |= scan_value(in, bracket, i, collect, found, result);
  return nan;
}

}  // namespace

void scan_unit(const ScanInput& in, const Bracket& bracket, ScanResult& result) {
  result = {};
  const bool collect = bracket.low < bracket.high;
  Found found;
  bool nan = false;
  for (size_t begin = 0; begin < in.size; begin += kStretch) {
    const size_t end = std::min(begin + kStretch, in.size);
    found.count = 0;
    nan |= scan_stretch(in, bracket, begin, end, collect, found, result);
    for (size_t i = 0; i < found.count; ++i) {
      result.candidates.push_back({found.key[i], found.index[i]});
    }
  }
  if (!nan) return;
  for (size_t i = 0; i < in.size && result.nan < 0; ++i) {
    if (magnitude(in.value[i]) > kInfinity && (!in.alive || in.alive[i])) result.nan = int64_t(i);
  }
}

void settle_unit(const ScanInput& in, const Bracket& bracket, uint32_t threshold, int64_t quota,
                 const ScanResult& found) {
  const auto settle = [&](uint32_t key, size_t index) {
    if (key > threshold) {
      in.mask[index] = 1;
    } else if (key == threshold && quota > 0) {
      in.mask[index] = 1;
      --quota;
    }
  };
  if (bracket.low < bracket.high) {
    for (const Candidate& candidate : found.candidates) settle(candidate.key, candidate.index);
    return;
  }
  // Nothing was collected: the bracket is the threshold itself.
  for (size_t i = 0; i < in.size && quota > 0; ++i) {
    if (in.alive && !in.alive[i]) continue;
    if (magnitude(in.value[i]) == threshold) settle(threshold, i);
  }
}

}  // namespace lth::cpu::LTH_ISA
