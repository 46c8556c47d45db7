#pragma once

#include <algorithm>
#include <vector>

#include "cuda/device.h"

namespace lth::bench {

inline double median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + std::ptrdiff_t(values.size() / 2),
                   values.end());
  return values[values.size() / 2];
}

/// Bytes read and written per second, together, by a large copy within a GPU's memory.
/// @param free_bytes of which a sixteenth at most is taken, twice
inline double copy_bandwidth(size_t free_bytes) {
  using cuda::Mark;
  const size_t bytes = std::min(size_t(1) << 30, free_bytes / 16 / 256 * 256);
  const cuda::Stream stream = cuda::make_stream();
  const cuda::DeviceArray<float> source(bytes / 4), target(bytes / 4);
  cuda::fill_zero(source.data(), bytes, stream);
  std::vector<double> seconds;
  for (int i = 0; i < 12; ++i) {
    Mark from, to;
    from.set(stream);
    cuda::copy_on_device(target.data(), source.data(), bytes, stream);
    to.set(stream);
    if (i >= 3) seconds.push_back(Mark::seconds_between(from, to));
  }
  cuda::destroy_stream(stream);
  return 2 * double(bytes) / median(seconds);
}

}  // namespace lth::bench
