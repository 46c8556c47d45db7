#pragma once

#include <cmath>

#if defined(__CUDACC__)
#define LTH_AVERAGE_HD __host__ __device__
#else
#define LTH_AVERAGE_HD
#endif

namespace lth {

/// How far an exponential moving average moves towards the values of update `step`, from 1. With it
/// the average is bias-corrected at all times: sum of decay^(step - k) w_k over k = 1 .. step, divided
/// by the sum of the weights (Kingma & Ba 2015, section 3, of the weights instead of the gradient).
LTH_AVERAGE_HD inline float average_share(float decay, double step) {
  return float((1.0 - double(decay)) / (1.0 - std::pow(double(decay), step)));
}

}  // namespace lth
