#include "cpu/kernels/select_scan.h"

#include <algorithm>
#include <cstring>

#include "cpu/kernels/simd.h"

namespace lth::cpu::LTH_ISA {
namespace {

/// Results of a stretch of at most a few thousand values are first written to buffers on the stack.
constexpr size_t kStretch = 2048;
constexpr size_t kLanesAtOnce = 16;
#if defined(__AVX512F__)
constexpr size_t kMaskLine = 64;
#endif

struct Found {
  Candidate candidate[kStretch + kLanesAtOnce];
  size_t count = 0;
};

/// Handles one value; the vector code does the same for sixty-four values at a time.
inline bool scan_value(const ScanInput& in, const Bracket& bracket, size_t i, Found& found,
                       ScanResult& result) {
  const uint32_t key = magnitude(in.value[i]);
  const bool alive = !in.alive || in.alive[i];
  const bool above = alive & (key > bracket.high);
  const bool inside = alive & !above & (key >= bracket.low);
  in.mask[i] = above;
  result.above += above;
  result.inside += inside;
  // A value that does not count is overwritten by the next one, which avoids an unpredictable
  // branch.
  found.candidate[found.count] = Candidate(bracket, key, i);
  found.count += inside;
  return alive & (key > kInfinity);
}

#if defined(__AVX512F__)
/// Sixteen values compared with a bracket.
struct Compared {
  __m512i key;
  __mmask16 above, inside, nan;

  Compared(const float* value, __mmask16 alive, const Bracket& bracket)
      : key(_mm512_and_epi32(_mm512_loadu_si512(value), _mm512_set1_epi32(0x7fffffff))),
        above(_mm512_mask_cmpgt_epu32_mask(alive, key, _mm512_set1_epi32(int(bracket.high)))),
        inside(_mm512_mask_cmpge_epu32_mask(__mmask16(alive & ~above), key,
                                            _mm512_set1_epi32(int(bracket.low)))),
        nan(_mm512_mask_cmpgt_epu32_mask(alive, key, _mm512_set1_epi32(int(kInfinity)))) {}
};

/// Appends the values inside: compressed in a register, as the memory form is slow on Zen 4.
inline void collect(const Compared& compared, const Bracket& bracket, size_t i, Found& found) {
  const UintRegister lanes = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  const UintRegister bucket = (UintRegister(compared.key) - bracket.low) >> bracket.shift;
  const UintRegister candidate = bucket << 16 | (lanes + uint32_t(i));
  _mm512_storeu_si512(found.candidate + found.count,
                      _mm512_maskz_compress_epi32(compared.inside, __m512i(candidate)));
  found.count += size_t(std::popcount(uint32_t(compared.inside)));
}
#endif

#if defined(__AVX512F__)
/// Scans the whole mask lines of [begin, end); returns where it stopped, and in `nan` whether there
/// was an alive NaN.
size_t scan_lines(const ScanInput& in, const Bracket& bracket, size_t begin, size_t end,
                  Found& found, ScanResult& result, bool& nan) {
  const bool collects = bracket.collects();
  __mmask16 any_nan = 0;
  size_t i = begin;
  for (; i + kMaskLine <= end; i += kMaskLine) {
    uint64_t alive = ~uint64_t(0);
    if (in.alive) {
      const __m512i bytes = _mm512_loadu_si512(in.alive + i);
      alive = _mm512_test_epi8_mask(bytes, bytes);
    }
    uint64_t above = 0;
    for (size_t part = 0; part < kMaskLine; part += kLanesAtOnce) {
      const Compared compared(in.value + i + part, __mmask16(alive >> part), bracket);
      above |= uint64_t(compared.above) << part;
      any_nan |= compared.nan;
      result.inside += std::popcount(uint32_t(compared.inside));
      if (collects) collect(compared, bracket, i + part, found);
    }
    _mm512_storeu_si512(in.mask + i, _mm512_maskz_set1_epi8(above, 1));
    result.above += std::popcount(above);
  }
  nan = any_nan != 0;
  return i;
}
#elif defined(__AVX2__)
/// The same, eight values at a time.
size_t scan_lines(const ScanInput& in, const Bracket& bracket, size_t begin, size_t end,
                  Found& found, ScanResult& result, bool& nan) {
  constexpr uint64_t kOnes = 0x0101010101010101U;
  const __m256i below = _mm256_set1_epi32(int(bracket.low) - 1);
  const __m256i high = _mm256_set1_epi32(int(bracket.high));
  const __m256i infinity = _mm256_set1_epi32(int(kInfinity));
  const auto lanes = [](__m256i mask) {
    return uint32_t(_mm256_movemask_ps(_mm256_castsi256_ps(mask)));
  };
  uint32_t any_nan = 0;
  size_t i = begin;
  for (; i + 8 <= end; i += 8) {
    uint32_t alive = 0xff;
    if (in.alive) {
      uint64_t bytes;
      std::memcpy(&bytes, in.alive + i, 8);
      alive = uint32_t(_pext_u64(bytes, kOnes));
    }
    const __m256i key =
        _mm256_and_si256(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(in.value + i)),
                         _mm256_set1_epi32(0x7fffffff));
    // Keys have no sign bit: signed comparisons will do.
    const uint32_t above = alive & lanes(_mm256_cmpgt_epi32(key, high));
    uint32_t inside = alive & ~above & lanes(_mm256_cmpgt_epi32(key, below));
    any_nan |= alive & lanes(_mm256_cmpgt_epi32(key, infinity));
    const uint64_t mask = _pdep_u64(above, kOnes);
    std::memcpy(in.mask + i, &mask, 8);
    result.above += std::popcount(above);
    result.inside += std::popcount(inside);
    if (!bracket.collects()) continue;
    for (; inside != 0; inside &= inside - 1) {
      const size_t at = i + size_t(std::countr_zero(inside));
      found.candidate[found.count++] = Candidate(bracket, magnitude(in.value[at]), at);
    }
  }
  nan = any_nan != 0;
  return i;
}
#else
size_t scan_lines(const ScanInput&, const Bracket&, size_t begin, size_t, Found&, ScanResult&,
                  bool&) {
  return begin;
}
#endif

/// Scans [begin, end); returns whether there was an alive NaN.
bool scan_stretch(const ScanInput& in, const Bracket& bracket, size_t begin, size_t end,
                  Found& found, ScanResult& result) {
  bool nan = false;
  size_t i = scan_lines(in, bracket, begin, end, found, result, nan);
  for (; i < end; ++i) nan |= scan_value(in, bracket, i, found, result);
  return nan;
}

}  // namespace

int64_t count_alive(const ScanInput& in) {
  if (!in.alive) return int64_t(in.size);
  int64_t count = 0;
  size_t i = 0;
  for (; i + 8 <= in.size; i += 8) {
    uint64_t bytes;
    std::memcpy(&bytes, in.alive + i, 8);
    count += std::popcount(bytes);
  }
  for (; i < in.size; ++i) count += in.alive[i];
  return count;
}

void scan_unit(const ScanInput& in, const Bracket& bracket, int64_t* histogram,
               ScanResult& result) {
  result = {};
  Found found;
  std::vector<Candidate>& candidates = result.candidates;
  if (bracket.collects()) candidates.reserve(size_t(1.2 * bracket.share * double(in.size)));
  bool nan = false;
  for (size_t begin = 0; begin < in.size; begin += kStretch) {
    const size_t end = std::min(begin + kStretch, in.size);
    found.count = 0;
    nan |= scan_stretch(in, bracket, begin, end, found, result);
    if (!bracket.collects()) continue;
    candidates.insert(candidates.end(), found.candidate, found.candidate + found.count);
    for (size_t i = 0; i < found.count; ++i) ++histogram[found.candidate[i].bucket()];
  }
  if (!nan) return;
  for (size_t i = 0; i < in.size && result.nan < 0; ++i) {
    if (magnitude(in.value[i]) > kInfinity && (!in.alive || in.alive[i])) result.nan = int64_t(i);
  }
}

void settle_outside(const ScanInput& in, uint32_t bucket, std::vector<Candidate>& candidates) {
  size_t left = 0;
  for (const Candidate candidate : candidates) {
    in.mask[candidate.index()] = candidate.bucket() > bucket;  // it was 0 so far
    candidates[left] = candidate;
    left += candidate.bucket() == bucket;
  }
  candidates.resize(left);
}

void settle_equal(const ScanInput& in, uint32_t threshold, int64_t quota) {
  for (size_t i = 0; i < in.size && quota > 0; ++i) {
    if (magnitude(in.value[i]) != threshold || (in.alive && !in.alive[i])) continue;
    in.mask[i] = 1;
    --quota;
  }
}

}  // namespace lth::cpu::LTH_ISA
