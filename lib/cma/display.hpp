#pragma once

#include <iosfwd>

#include "mobula/cma/generation_report.hpp"
#include "mobula/cma/minimize_options.hpp"

namespace mobula::cma {

/// Where a search ends at the latest: infinity for what has no limit.
struct search_limits {
  double iterations;
  double evaluations;
  double seconds;
};

/// Shows how far a search is, on a stream.
class display_writer {
 public:
  /// `terminal`: whether a line that was written may be written over.
  display_writer(display what, std::ostream& out, bool terminal, const search_limits& limits);

  void show(const generation_report& r);
  /// The search is over, after `r` at the latest.
  void finish(const generation_report& r);

 private:
  void table_line(const generation_report& r);
  void bar(const generation_report& r);
  void progress_line(const generation_report& r);
  [[nodiscard]] double share_done(const generation_report& r) const;

  display what_;
  std::ostream& out_;
  bool terminal_;
  search_limits limits_;
  std::int64_t lines_ = 0;  // of the table
  std::int64_t last_shown_ = 0;
  double next_time_ = 0;   // when the line is due that shows that the search is alive
  double next_share_ = 0;  // of the work, after which the next plain line is due
};

/// Tells whether a stream writes to a terminal: one of the standard streams can, no other does.
[[nodiscard]] bool is_terminal(const std::ostream& out);

/// "1:02:03" or "2:03.4".
struct clock_text {
  char text[32];
  explicit clock_text(double seconds);
};

}  // namespace mobula::cma
