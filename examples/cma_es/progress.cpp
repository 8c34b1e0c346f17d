#include "progress.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <utility>

progress::progress(std::string title, std::size_t generations)
    : title_(std::move(title)), generations_(generations), terminal_(isatty(STDOUT_FILENO) == 1) {
  if (!terminal_) std::printf("%s\n", title_.c_str());
}

void progress::at(std::size_t generation, double min, double max, double seconds) {
  if (generations_ == 0) return;
  bool const last = generation == generations_;
  if (terminal_) {
    if (seconds < next_time_ && !last) return;
    next_time_ = seconds + 0.05;
    constexpr std::size_t width = 20;
    std::size_t const full = generation * width / generations_;
    std::printf("\r\033[K%-34s [%s%s] %3zu/%zu  min %.3g  max %.3g  %.1f s", title_.c_str(),
                std::string(full, '#').c_str(), std::string(width - full, '.').c_str(), generation, generations_, min,
                max, seconds);
    std::fflush(stdout);
  } else if (generation % std::max<std::size_t>(1, generations_ / 10) == 0 || last) {
    std::printf("  generation %3zu of %zu: min %-10.4g max %-10.4g %7.2f s\n", generation, generations_, min, max,
                seconds);
  }
}

void progress::done(double best, std::size_t evaluations, double seconds) {
  if (generations_ == 0) return;
  if (terminal_)
    std::printf("\r\033[K%-34s best f = %.6g after %zu evaluations in %.2f s\n", title_.c_str(), best, evaluations,
                seconds);
  else
    std::printf("  best f = %.6g after %zu evaluations in %.2f s\n", best, evaluations, seconds);
  std::fflush(stdout);
}
