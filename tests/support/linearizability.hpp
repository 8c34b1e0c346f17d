#pragma once

#include <cstddef>
#include <cstdint>
#include <set>
#include <utility>
#include <vector>

namespace mobula::test {

/// A call that was made, and what was seen of it: by whom, the moments between which it took effect, and what it gave.
template <class Operation>
struct call_record {
  int caller = 0;
  std::uint64_t begun = 0, over = 0;
  Operation operation;
  typename Operation::result result{};
};

/// Tells whether the calls of a history can be put in one order in which each gives what it gave, a call that was over
/// before another began comes before it, and those of one caller are in the order in which they were made.
///
/// The search of Wing and Gong (Journal of Parallel and Distributed Computing 17, 1993) that remembers where it has been,
/// after Lowe (Concurrency and Computation 29(4), 2017). `Operation::apply(State&)` is the serial object. At most 32 calls.
template <class Operation, class State>
class linearizability {
 public:
  using history = std::vector<call_record<Operation>>;

  explicit linearizability(history const& h) : calls_(h) {}

  [[nodiscard]] bool holds(State const& start = {}) { return search(0, start); }

 private:
  bool search(std::uint32_t done, State const& at) {
    if (done == (std::uint64_t{1} << calls_.size()) - 1) return true;
    if (!seen_.insert({done, at}).second) return false;
    for (std::size_t i = 0; i < calls_.size(); ++i) {
      if (is_done(done, i) || !may_be_next(done, i)) continue;
      State next = at;
      if (calls_[i].operation.apply(next) != calls_[i].result) continue;
      if (search(done | std::uint32_t{1} << i, next)) return true;
    }
    return false;
  }

  static bool is_done(std::uint32_t done, std::size_t i) { return (done >> i & 1) != 0; }

  bool may_be_next(std::uint32_t done, std::size_t i) const {
    for (std::size_t j = 0; j < calls_.size(); ++j) {
      if (j == i || is_done(done, j)) continue;
      if (calls_[j].over < calls_[i].begun) return false;
      if (calls_[j].caller == calls_[i].caller && calls_[j].begun < calls_[i].begun) return false;
    }
    return true;
  }

  history const& calls_;
  std::set<std::pair<std::uint32_t, State>> seen_;
};

}  // namespace mobula::test
