#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "cuda/device.h"

/// What tests of the emulator share.

namespace lth::test {

/// The numbers of an array on the device.
template <class T>
std::vector<T> fetch(const cuda::DeviceArray<T>& array, cuda::Stream stream) {
  std::vector<T> host(array.size());
  cuda::copy_to_host(host.data(), array.data(), array.bytes(), stream);
  return host;
}

/// What a child process says before it is stopped; empty if it goes through.
template <class Body>
std::string last_words(const Body& body) {
  int ends[2];
  if (pipe(ends) != 0) return "no pipe";
  const pid_t child = fork();
  if (child == 0) {
    dup2(ends[1], 2);
    body();
    _exit(0);
  }
  close(ends[1]);
  std::string words;
  char part[512];
  for (ssize_t n; (n = read(ends[0], part, sizeof part)) > 0;) words.append(part, size_t(n));
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  return WIFSIGNALED(status) ? words : "";
}

}  // namespace lth::test
