// Lets an addon that was linked with a new glibc load with an old one. The functions below are those
// that this project and the static libstdc++ and libgcc use and that newer glibc versions renamed,
// moved or added: their calls end in the oldest version of each. Linked into prebuilt addons for
// x86-64 alone (LTH_PREBUILD).
#if defined(__x86_64__) && defined(__linux__)

#include <link.h>
#include <sys/stat.h>

#include <cstddef>
#include <cstdint>

// A name of the first glibc for x86-64.
#define LTH_OLD(name) __asm__(".symver lth_old_" #name "," #name "@GLIBC_2.2.5")

LTH_OLD(pthread_create);
LTH_OLD(pthread_join);
LTH_OLD(pthread_once);
LTH_OLD(pthread_key_create);
LTH_OLD(exp);
LTH_OLD(log);
LTH_OLD(pow);

extern "C" {

// Types as in <pthread.h>, whose own declarations would name the new versions.
int lth_old_pthread_create(unsigned long*, const void*, void* (*)(void*), void*);
int lth_old_pthread_join(unsigned long, void**);
int lth_old_pthread_once(int*, void (*)());
int lth_old_pthread_key_create(unsigned*, void (*)(void*));
double lth_old_exp(double);
double lth_old_log(double);
double lth_old_pow(double, double);
int __fxstat64(int version, int file, struct stat64* result);

int lth_new_pthread_create(unsigned long* thread, const void* attributes, void* (*start)(void*),
                           void* argument) __asm__("pthread_create");
int lth_new_pthread_create(unsigned long* thread, const void* attributes, void* (*start)(void*),
                           void* argument) {
  return lth_old_pthread_create(thread, attributes, start, argument);
}

int lth_new_pthread_join(unsigned long thread, void** result) __asm__("pthread_join");
int lth_new_pthread_join(unsigned long thread, void** result) {
  return lth_old_pthread_join(thread, result);
}

int lth_new_pthread_once(int* control, void (*body)()) __asm__("pthread_once");
int lth_new_pthread_once(int* control, void (*body)()) {
  return lth_old_pthread_once(control, body);
}

// libgcc asks for this one to find out whether there are threads.
int lth_new_pthread_key_create(unsigned* key, void (*end)(void*)) __asm__("__pthread_key_create");
int lth_new_pthread_key_create(unsigned* key, void (*end)(void*)) {
  return lth_old_pthread_key_create(key, end);
}

double lth_new_exp(double) __asm__("exp");
double lth_new_exp(double x) { return lth_old_exp(x); }
double lth_new_log(double) __asm__("log");
double lth_new_log(double x) { return lth_old_log(x); }
double lth_new_pow(double, double) __asm__("pow");
double lth_new_pow(double x, double y) { return lth_old_pow(x, y); }

int lth_new_fstat64(int file, struct stat64* result) __asm__("fstat64");
int lth_new_fstat64(int file, struct stat64* result) {
  return __fxstat64(1 /* layout of struct stat */, file, result);
}

// Since 2.32: 1 while there is one thread. 0 makes reference counts atomic always, as before 2.32.
char lth_single_threaded __asm__("__libc_single_threaded") = 0;

// Since 2.35: what libgcc asks where the unwind table of the code at `pc` is.
struct LthFound {
  unsigned long long flags;
  void* map_start;
  void* map_end;
  struct link_map* link_map;
  void* eh_frame;
  unsigned long long reserved[7];
};

struct LthSearch {
  uintptr_t pc;
  LthFound* found;
};

static int lth_contains(struct dl_phdr_info* object, size_t, void* data) {
  const auto& search = *static_cast<LthSearch*>(data);
  const ElfW(Phdr)* table = nullptr;
  bool inside = false;
  uintptr_t end = 0;
  for (int i = 0; i < object->dlpi_phnum; ++i) {
    const ElfW(Phdr)& header = object->dlpi_phdr[i];
    const uintptr_t start = object->dlpi_addr + header.p_vaddr;
    if (header.p_type == PT_LOAD) {
      if (search.pc >= start && search.pc < start + header.p_memsz) inside = true;
      if (start + header.p_memsz > end) end = start + header.p_memsz;
    }
    if (header.p_type == PT_GNU_EH_FRAME) table = &header;
  }
  if (!inside || !table) return 0;
  search.found->map_start = reinterpret_cast<void*>(object->dlpi_addr);
  search.found->map_end = reinterpret_cast<void*>(end);
  search.found->eh_frame = reinterpret_cast<void*>(object->dlpi_addr + table->p_vaddr);
  return 1;
}

int lth_find_object(void* pc, LthFound* found) __asm__("_dl_find_object");
int lth_find_object(void* pc, LthFound* found) {
  *found = {};
  LthSearch search{reinterpret_cast<uintptr_t>(pc), found};
  return dl_iterate_phdr(lth_contains, &search) ? 0 : -1;
}

}  // extern "C"

#endif
