/* Simulates a failing disk for tests. Loaded before libc (LD_PRELOAD), it makes the k-th call that changes
 * files below a folder fail. It counts open for writing, write, fsync, fdatasync, ftruncate, rename and
 * mkdir, in the order in which the process calls them.
 *
 *   LTH_FAULT_BELOW  the folder, absolute
 *   LTH_FAULT_AT     k, from 1
 *   LTH_FAULT_ERROR  "EIO": that one call fails. "ENOSPC": it and all later ones fail, and if it is a
 *                    write, half of it is written first, as on a disk that fills up.
 *   LTH_FAULT_LOG    file to which the name of the call that failed is appended
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#define MAX_FD 4096

static atomic_long calls;
static atomic_char watched[MAX_FD];

static int is_full_disk(void) {
  const char* error = getenv("LTH_FAULT_ERROR");
  return error && strcmp(error, "ENOSPC") == 0;
}

static int is_below(const char* path) {
  const char* below = getenv("LTH_FAULT_BELOW");
  size_t length = below ? strlen(below) : 0;
  return length > 0 && path && strncmp(path, below, length) == 0 &&
         (path[length] == '/' || path[length] == 0);
}

static int is_watched(int fd) { return fd >= 0 && fd < MAX_FD && watched[fd]; }

static void log_call(const char* name) {
  const char* file = getenv("LTH_FAULT_LOG");
  int (*real_open)(const char*, int, ...) = dlsym(RTLD_NEXT, "open");
  ssize_t (*real_write)(int, const void*, size_t) = dlsym(RTLD_NEXT, "write");
  int fd = file ? real_open(file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666) : -1;
  if (fd < 0) return;
  char line[64];
  int length = snprintf(line, sizeof line, "%s\n", name);
  if (real_write(fd, line, (size_t)length) < 0) abort();
  close(fd);
}

/* Counts a call. 0: let it pass. 1: it is the first to fail. 2: the disk is already full. */
static int fails(const char* name) {
  const char* at = getenv("LTH_FAULT_AT");
  long k = at ? atol(at) : 0;
  if (k < 1) return 0;
  long number = atomic_fetch_add(&calls, 1) + 1;
  int failing = number == k ? 1 : number > k && is_full_disk() ? 2 : 0;
  if (failing == 1) log_call(name);
  if (failing) errno = is_full_disk() ? ENOSPC : EIO;
  return failing;
}

static int changes(int flags) { return (flags & O_ACCMODE) != O_RDONLY; }

static int watch(int fd, const char* path) {
  if (fd >= 0 && fd < MAX_FD) watched[fd] = (char)is_below(path);
  return fd;
}

#define OPEN(name)                                                        \
  int name(const char* path, int flags, ...) {                            \
    int (*real)(const char*, int, ...) = dlsym(RTLD_NEXT, #name);         \
    va_list list;                                                         \
    va_start(list, flags);                                                \
    mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(list, mode_t) : 0; \
    va_end(list);                                                         \
    if (is_below(path) && changes(flags) && fails("open")) return -1;     \
    return watch(real(path, flags, mode), path);                          \
  }
OPEN(open)
OPEN(open64)

#define OPENAT(name)                                                        \
  int name(int at, const char* path, int flags, ...) {                      \
    int (*real)(int, const char*, int, ...) = dlsym(RTLD_NEXT, #name);      \
    va_list list;                                                           \
    va_start(list, flags);                                                  \
    mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(list, mode_t) : 0; \
    va_end(list);                                                           \
    if (is_below(path) && changes(flags) && fails("open")) return -1;       \
    return watch(real(at, path, flags, mode), path);                        \
  }
OPENAT(openat)
OPENAT(openat64)

int close(int fd) {
  int (*real)(int) = dlsym(RTLD_NEXT, "close");
  if (fd >= 0 && fd < MAX_FD) watched[fd] = 0;
  return real(fd);
}

ssize_t write(int fd, const void* bytes, size_t count) {
  ssize_t (*real)(int, const void*, size_t) = dlsym(RTLD_NEXT, "write");
  int failing = is_watched(fd) ? fails("write") : 0;
  if (failing == 1 && is_full_disk() && count > 1) return real(fd, bytes, count / 2);
  return failing ? -1 : real(fd, bytes, count);
}

#define PWRITE(name, offset_type)                                                    \
  ssize_t name(int fd, const void* bytes, size_t count, offset_type offset) {        \
    ssize_t (*real)(int, const void*, size_t, offset_type) = dlsym(RTLD_NEXT, #name); \
    return is_watched(fd) && fails("write") ? -1 : real(fd, bytes, count, offset);   \
  }
PWRITE(pwrite, off_t)
PWRITE(pwrite64, off64_t)

#define ON_FD(name)                                     \
  int name(int fd) {                                    \
    int (*real)(int) = dlsym(RTLD_NEXT, #name);         \
    return is_watched(fd) && fails(#name) ? -1 : real(fd); \
  }
ON_FD(fsync)
ON_FD(fdatasync)

#define TRUNCATE(name, offset_type)                                                     \
  int name(int fd, offset_type length) {                                                \
    int (*real)(int, offset_type) = dlsym(RTLD_NEXT, #name);                            \
    return is_watched(fd) && fails("ftruncate") ? -1 : real(fd, length);                \
  }
TRUNCATE(ftruncate, off_t)
TRUNCATE(ftruncate64, off64_t)

int rename(const char* from, const char* to) {
  int (*real)(const char*, const char*) = dlsym(RTLD_NEXT, "rename");
  return is_below(to) && fails("rename") ? -1 : real(from, to);
}

int renameat(int from_at, const char* from, int to_at, const char* to) {
  int (*real)(int, const char*, int, const char*) = dlsym(RTLD_NEXT, "renameat");
  return is_below(to) && fails("rename") ? -1 : real(from_at, from, to_at, to);
}

int mkdir(const char* path, mode_t mode) {
  int (*real)(const char*, mode_t) = dlsym(RTLD_NEXT, "mkdir");
  return is_below(path) && fails("mkdir") ? -1 : real(path, mode);
}
