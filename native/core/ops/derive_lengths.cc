#include "core/builder_state.h"
#include "core/replay.h"

namespace lth {
namespace {

class DeriveLengthsOp : public Op {
 public:
  explicit DeriveLengthsOp(LevelIndex level) : level_(level) {}

  const char* name() const override { return "derive_lengths"; }

  void run(const Replay& replay) const override {
    const Level& level = replay.program.recording->levels[size_t(level_)];
    replay.backend.derive_lengths({.in = replay.program.lengths(level.source),
                                   .out = replay.program.lengths(level_),
                                   .count = int(replay.program.slots()),
                                   .stride = level.stride});
  }

 private:
  LevelIndex level_;
};

}  // namespace

LevelIndex ProgramBuilder::State::derived_level(LevelIndex source, int stride) {
  if (stride == 1) return source;
  const std::vector<Level>& levels = recording->levels;
  for (size_t i = 0; i < levels.size(); ++i) {
    if (levels[i].source == source && levels[i].stride == stride) return LevelIndex(i);
  }
  const int length = same_output_length(levels[size_t(source)].length, stride);
  const LevelIndex level = new_level(source, stride, length);
  record(std::make_unique<DeriveLengthsOp>(level));
  return level;
}

}  // namespace lth
