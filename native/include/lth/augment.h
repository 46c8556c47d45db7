#pragma once

#include <cstdint>

namespace lth {

/// A number is drawn from it uniformly, for every record of a batch anew.
struct Range {
  float low = 0;
  float high = 0;
};

/// Random changes of the records of a training batch, made by Gather in the order of these fields.
/// The defaults change nothing. docs/augmentation.md has sources and the units of the settings.
struct Augmentation {
  static constexpr int kMostMasks = 8;
  static constexpr int kMostBurst = 4096;

  /// A stretched or cut record keeps a multiple of so many samples: whole steps of the network.
  int hop = 1;
  /// Resampling: the record becomes so many times as long. What does not fit into the batch is cut:
  /// a random window of the record remains.
  Range stretch = {1, 1};
  /// log2 of the factor that the normalised samples are multiplied by.
  Range log2_amplitude = {0, 0};
  Range wander_amplitude = {0, 0};  ///< of a sine that is added, in the units of the samples
  Range wander_frequency = {0, 0};  ///< its cycles per sample; the phase is random
  Range noise = {0, 0};             ///< standard deviation of white noise, in the samples' units
  /// Zero bursts: at every sample one begins with this probability ...
  double burst_probability = 0;
  int burst_length = 1;             ///< ... and sets so many samples to zero
  /// Stretches that are set to zero, each of 1 to so many samples but at most half the record.
  int masks = 0;
  int mask_length = 1;
  /// Mixup: every record is mixed with another one of the batch, its share drawn from
  /// Beta(mixup, mixup), 0.05 to 2; 0 for none.
  double mixup = 0;
};

}  // namespace lth
