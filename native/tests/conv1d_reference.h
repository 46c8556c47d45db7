#pragma once

#include <cmath>
#include <cstdint>
#include <vector>

#include "lth/conv1d_desc.h"

/// Float64 reference of the convolution's three passes on host arrays [N, C, L], straight from the
/// definitions in lth/conv1d_desc.h. Each result comes with the sum of its terms' magnitudes.
namespace lth::test {

struct Reference {
  std::vector<double> value;
  std::vector<double> magnitude;

  explicit Reference(size_t size) : value(size), magnitude(size) {}
  void add(size_t i, double term) {
    value[i] += term;
    magnitude[i] += std::abs(term);
  }
};

struct ReferenceShape {
  Conv1dDesc desc;
  int records;
  int length;
  std::vector<int32_t> lengths;  // [N]

  int out_length() const { return same_output_length(length, desc.stride); }
  int out_length(int n) const { return same_output_length(lengths[n], desc.stride); }
  size_t x_at(int n, int ci, int p) const {
    return (size_t(n) * desc.in_channels + ci) * length + p;
  }
  size_t y_at(int n, int co, int p) const {
    return (size_t(n) * desc.out_channels + co) * out_length() + p;
  }
  size_t w_at(int co, int ci, int k) const {
    return (size_t(co) * desc.in_channels + ci) * desc.kernel + k;
  }

  /// Calls body(x index, weight index, y index) for every product of the convolution.
  template <class Body>
  void for_each_term(const Body& body) const {
    for (int n = 0; n < records; ++n) {
      for (int co = 0; co < desc.out_channels; ++co) {
        for (int p = 0; p < out_length(n); ++p) {
          for (int ci = 0; ci < desc.in_channels; ++ci) {
            for (int k = 0; k < desc.kernel; ++k) {
              const int q = p * desc.stride + k - desc.pad_left;
              if (q >= 0 && q < lengths[n]) body(x_at(n, ci, q), w_at(co, ci, k), y_at(n, co, p));
            }
          }
        }
      }
    }
  }
};

using Host = std::vector<float>;

/// @param add [N, Cout, Lout] or empty
inline Reference reference_forward(const ReferenceShape& s, const Host& weight, const Host& bias,
                                   const Host& x, const Host& add) {
  Reference y(size_t(s.records) * s.desc.out_channels * s.out_length());
  for (int n = 0; n < s.records; ++n) {
    for (int co = 0; co < s.desc.out_channels; ++co) {
      for (int p = 0; p < s.out_length(n); ++p) {
        y.add(s.y_at(n, co, p), bias[co]);
        if (!add.empty()) y.add(s.y_at(n, co, p), add[s.y_at(n, co, p)]);
      }
    }
  }
  s.for_each_term([&](size_t i, size_t w, size_t o) {
    if (weight[w] != 0) y.add(o, double(weight[w]) * x[i]);
  });
  return y;
}

/// @param add [N, Cin, L] or empty
inline Reference reference_dgrad(const ReferenceShape& s, const Host& weight, const Host& dy,
                                 const Host& add) {
  Reference dx(size_t(s.records) * s.desc.in_channels * s.length);
  for (int n = 0; n < s.records && !add.empty(); ++n) {
    for (int ci = 0; ci < s.desc.in_channels; ++ci) {
      for (int p = 0; p < s.lengths[n]; ++p) dx.add(s.x_at(n, ci, p), add[s.x_at(n, ci, p)]);
    }
  }
  s.for_each_term([&](size_t i, size_t w, size_t o) {
    if (weight[w] != 0) dx.add(i, double(weight[w]) * dy[o]);
  });
  return dx;
}

inline Reference reference_wgrad(const ReferenceShape& s, const Host& x, const Host& dy) {
  Reference dw(size_t(s.desc.weight_count()));
  s.for_each_term([&](size_t i, size_t w, size_t o) { dw.add(w, double(dy[o]) * x[i]); });
  return dw;
}

inline Reference reference_dbias(const ReferenceShape& s, const Host& dy) {
  Reference db(size_t(s.desc.out_channels));
  for (int n = 0; n < s.records; ++n) {
    for (int co = 0; co < s.desc.out_channels; ++co) {
      for (int p = 0; p < s.out_length(n); ++p) db.add(co, dy[s.y_at(n, co, p)]);
    }
  }
  return db;
}

}  // namespace lth::test
