#pragma once

#include <mobula/core/atomics.hpp>
#include <mobula/core/scheduler.hpp>

#include <cstddef>
#include <limits>
#include <span>

namespace mobula::detail {

/// Waits for several operations (operation.hpp), of which one happens: the first that could. The others are taken back and have no
/// effect. It is an operation itself, but for its result.
///
/// Three kinds of parties have to be done with it before whoever waits goes on and ends its life: the one who starts
/// the operations; the one that completes the winner; and those who are about to tell of an operation that has lost.
template <class Atomics = std_atomics>
class selection {
 public:
  static constexpr std::size_t nobody = std::numeric_limits<std::size_t>::max();

  /// One of the operations; lives as long as the selection.
  struct branch : resumer {
    branch() noexcept : resumer{&branch_woken, &branch_claims} {}
    template <class Op>
    void watch(Op& op) noexcept {
      operation_ = &op;
      ready_ = [](void* o) { return static_cast<Op*>(o)->ready(); };
      start_ = [](void* o, resumer& r) noexcept { return static_cast<Op*>(o)->start(r); };
      cancel_ = [](void* o) noexcept { return static_cast<Op*>(o)->cancel(); };
    }

   private:
    friend selection;
    void* operation_ = nullptr;
    bool (*ready_)(void*) = nullptr;
    bool (*start_)(void*, resumer&) noexcept = nullptr;
    bool (*cancel_)(void*) noexcept = nullptr;
    selection* owner_ = nullptr;
  };

  explicit selection(std::span<branch> branches) noexcept : branches_(branches) {}
  selection(selection const&) = delete;

  /// Tries the operations in order.
  bool ready() {
    for (std::size_t i = 0; i < branches_.size(); ++i) {
      if (!branches_[i].ready_(branches_[i].operation_)) continue;
      winner_.store(i, Atomics::relaxed);
      return true;
    }
    return false;
  }

  bool start(resumer& r) noexcept {
    waiting_ = &r;
    bool completed_here = false;
    for (branch& b : branches_) {
      b.owner_ = this;
      open_.fetch_add(1, Atomics::relaxed);
      if (b.start_(b.operation_, b)) {
        ++started_;
        continue;
      }
      open_.fetch_sub(1, Atomics::relaxed);  // it will not tell; not the last, as the starter is there
      completed_here = winner() == index_of(b);
      break;  // else another one has won, here or in a selection around this one
    }
    if (completed_here && started_ == 0) return false;
    arrive(completed_here ? 2 : 1);
    return true;
  }

  bool cancel() noexcept {
    std::size_t expected = nobody;
    return winner_.compare_exchange_strong(expected, taken_back, Atomics::acq_rel) && settle();
  }

  [[nodiscard]] std::size_t winner() const noexcept { return winner_.load(Atomics::acquire); }
  [[nodiscard]] bool complete() const noexcept { return winner() < branches_.size(); }

 private:
  static constexpr std::size_t taken_back = nobody - 1;

  [[nodiscard]] std::size_t index_of(branch const& b) const noexcept {
    return static_cast<std::size_t>(&b - branches_.data());
  }

  // Called by an operation that is about to happen. In a selection of selections the outermost one decides, once: then
  // no branch here can be second.
  static bool branch_claims(resumer& r) noexcept {
    auto& me = static_cast<branch&>(r);
    selection& s = *me.owner_;
    if (s.waiting_->claim != nullptr) {
      if (!s.waiting_->claim(*s.waiting_)) return false;
      s.winner_.store(s.index_of(me), Atomics::release);
      return true;
    }
    std::size_t expected = nobody;
    return s.winner_.compare_exchange_strong(expected, s.index_of(me), Atomics::acq_rel);
  }

  static void branch_woken(resumer& r) noexcept {
    auto& me = static_cast<branch&>(r);
    selection& s = *me.owner_;
    if (s.winner() == s.index_of(me)) return s.arrive(1);
    s.leave(1);
  }

  void arrive(unsigned n) noexcept {
    if (arrived_.fetch_add(n, Atomics::acq_rel) + n == 2 && settle()) waiting_->wake(*waiting_);
  }

  // Takes back those that have lost; true if nobody is left on the way.
  bool settle() noexcept {
    std::size_t const won = winner();
    std::size_t leaving = 1;
    for (std::size_t i = 0; i < started_; ++i)
      if (i == won || branches_[i].cancel_(branches_[i].operation_)) ++leaving;
    return open_.fetch_sub(leaving, Atomics::acq_rel) == leaving;
  }

  void leave(std::size_t n) noexcept {
    resumer& r = *waiting_;
    if (open_.fetch_sub(n, Atomics::acq_rel) == n) r.wake(r);
  }

  std::span<branch> branches_;
  resumer* waiting_ = nullptr;
  std::size_t started_ = 0;  // the first so many have been started; written before the starter arrives
  // nobody, then once the index of the branch that happens, or taken_back. By compare-and-exchange, unless the selection
  // around this one has decided; acquired by those who come later.
  typename Atomics::template atomic<std::size_t> winner_{nobody};
  // Two arrive, the starter and the winner's waker; the second takes the losers back. acq_rel, as that one sees all that
  // was started.
  typename Atomics::template atomic<unsigned> arrived_{0};
  // One for the starter and the winner, who leave together, and one for each other branch that was started, until it is
  // taken back or has told. Who takes it to zero wakes; acq_rel, as the frame ends then.
  typename Atomics::template atomic<std::size_t> open_{1};
};

}  // namespace mobula::detail
