#pragma once

#include <cstddef>
#include <string>

/// Shows how far a search is: on a terminal one line that changes, else ten plain lines.
class progress {
 public:
  /// Shows nothing.
  progress() = default;
  progress(std::string title, std::size_t generations);

  void at(std::size_t generation, double min, double max, double seconds);
  void done(double best, std::size_t evaluations, double seconds);

 private:
  std::string title_;
  std::size_t generations_ = 0;  // 0 to show nothing
  bool terminal_ = false;
  double next_time_ = 0;  // when the line changes next, so that showing it costs no time to speak of
};
