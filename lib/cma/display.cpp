#include "cma/display.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <iostream>
#include <string>

namespace mobula::cma {
namespace {

constexpr std::int64_t table_step = 100;      // as pycma's verb_disp
constexpr std::int64_t lines_of_header = 20;  // after so many lines it comes again
constexpr double alive = 2;                   // seconds after which there is a line in any case
constexpr double bar_pause = 0.05;            // seconds that a bar stays as it is

template <class... Values>
std::string text(const char* format, Values... values) {
  std::array<char, 200> line{};
  const int length = std::snprintf(line.data(), line.size(), format, values...);
  return {line.data(), std::min(static_cast<std::size_t>(std::max(length, 0)), line.size() - 1)};
}

double smallest_std(const generation_report& r) { return *std::ranges::min_element(r.stds); }
double largest_std(const generation_report& r) { return *std::ranges::max_element(r.stds); }

}  // namespace

clock_text::clock_text(double seconds) : text{} {
  if (!(seconds < 1e9)) {
    std::snprintf(text, sizeof text, "?");
  } else if (seconds < 3600) {
    const long tenths = std::lround(std::max(0.0, seconds) * 10);
    std::snprintf(text, sizeof text, "%ld:%02ld.%ld", tenths / 600, tenths / 10 % 60, tenths % 10);
  } else {
    const long whole = std::lround(seconds);
    std::snprintf(text, sizeof text, "%ld:%02ld:%02ld", whole / 3600, whole / 60 % 60, whole % 60);
  }
}

display_writer::display_writer(display what, std::ostream& out, bool terminal, const search_limits& limits)
    : what_(what), out_(out), terminal_(terminal), limits_(limits) {}

void display_writer::show(const generation_report& r) {
  const double now = r.elapsed.count();
  if (what_ == display::table) {
    if (r.iterations <= 3 || r.iterations % table_step == 0 || now >= next_time_) table_line(r);
  } else if (what_ == display::progress && terminal_) {
    if (now >= next_time_) bar(r);
  } else if (what_ == display::progress) {
    if (share_done(r) >= next_share_ || now >= next_time_) progress_line(r);
  }
}

void display_writer::finish(const generation_report& r) {
  if (what_ == display::table && r.iterations != last_shown_) table_line(r);
  if (what_ == display::progress) {
    if (terminal_) out_ << "\r\033[K";
    out_ << text("best f = %.10g after %lld evaluations in %s\n", r.best_f, static_cast<long long>(r.evaluations),
                 clock_text(r.elapsed.count()).text);
  }
  out_.flush();
}

void display_writer::table_line(const generation_report& r) {
  if (lines_++ % lines_of_header == 0)
    out_ << "Iterat #Fevals   function value     axis ratio   sigma   min&max std  t[m:s]\n";
  out_ << text("%6lld %7lld %21.15e %8.1e %9.2e %7.0e %6.0e %s\n", static_cast<long long>(r.iterations),
               static_cast<long long>(r.evaluations), r.min, r.axis_ratio, r.sigma, smallest_std(r), largest_std(r),
               clock_text(r.elapsed.count()).text);
  out_.flush();
  last_shown_ = r.iterations;
  next_time_ = r.elapsed.count() + alive;
}

// The nearest of the limits: the search may end before, by another criterion.
double display_writer::share_done(const generation_report& r) const {
  const double share =
      std::max({static_cast<double>(r.iterations) / limits_.iterations,
                static_cast<double>(r.evaluations) / limits_.evaluations, r.elapsed.count() / limits_.seconds});
  return std::clamp(share, 0.0, 1.0);
}

void display_writer::bar(const generation_report& r) {
  constexpr int width = 20;
  const double share = share_done(r);
  const double now = r.elapsed.count();
  const auto full = static_cast<std::size_t>(share * width);
  out_ << "\r\033[K[" << std::string(full, '#') << std::string(width - full, '.')
       << text("] generation %lld  f %.4g  sigma %.2g  %s, at most %s left", static_cast<long long>(r.iterations),
               r.best_f, r.sigma, clock_text(now).text, clock_text(now * (1 - share) / share).text);
  out_.flush();
  next_time_ = now + bar_pause;
}

void display_writer::progress_line(const generation_report& r) {
  const double share = share_done(r);
  const double now = r.elapsed.count();
  out_ << text("%3.0f %%  generation %lld  f %.10g  sigma %.2g  %s, at most %s left\n", 100 * share,
               static_cast<long long>(r.iterations), r.best_f, r.sigma, clock_text(now).text,
               clock_text(now * (1 - share) / share).text);
  out_.flush();
  next_share_ = (std::floor(share * 20) + 1) / 20;
  next_time_ = now + 5 * alive;
}

bool is_terminal(const std::ostream& out) {
  if (out.rdbuf() == std::cout.rdbuf()) return isatty(STDOUT_FILENO) == 1;
  if (out.rdbuf() == std::cerr.rdbuf() || out.rdbuf() == std::clog.rdbuf()) return isatty(STDERR_FILENO) == 1;
  return false;
}

}  // namespace mobula::cma
