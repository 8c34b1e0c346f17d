#pragma once

#include <sys/resource.h>

#include <algorithm>
#include <cstdio>

/// How many clients of a server in this process it may have the files for: a connection takes two, as both its ends do.
inline int allowed_clients(char const* program, int wanted) {
  rlimit files{};
  ::getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &files);
  ::getrlimit(RLIMIT_NOFILE, &files);
  auto const most = (std::max<rlim_t>(files.rlim_cur, 64) - 32) / 2;
  if (static_cast<rlim_t>(wanted) <= most) return wanted;
  std::fprintf(stderr, "%s: this process may open %llu files: %llu clients instead of %d\n", program,
               static_cast<unsigned long long>(files.rlim_cur), static_cast<unsigned long long>(most), wanted);
  return static_cast<int>(most);
}
