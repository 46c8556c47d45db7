// What `deno task devices` says of CUDA, without Deno. Exit status 1 if CUDA cannot be used here.

#include <cstdio>

#include "lth/backend.h"

int main() {
  const lth::BackendInfo info = lth::cuda_backend_info();
  std::printf("cuda %s: %s\n", info.available ? "available" : "not available",
              info.detail.c_str());
  return info.available ? 0 : 1;
}
