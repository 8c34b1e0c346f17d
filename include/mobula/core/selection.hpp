#pragma once

#include <mobula/core/operation.hpp>

#include <atomic>
#include <cstddef>
#include <limits>
#include <span>
#include <tuple>

namespace mobula::detail {

/// Waits for several operations, of which one happens: the first that could. The others are taken back and have no
/// effect. It is an operation itself, but for its result.
///
/// Three kinds of parties have to be done with it before whoever waits goes on and ends its life: the one who starts
/// the operations; the one that completes the winner; and those who are about to tell of an operation that has lost.
class selection {
 public:
  static constexpr std::size_t nobody = std::numeric_limits<std::size_t>::max();

  /// One of the operations; lives as long as the selection.
  struct branch : resumer {
    branch() noexcept : resumer{&branch_woken, &branch_claims} {}
    template <operation Op>
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
  bool ready();
  bool start(resumer& r) noexcept;
  bool cancel() noexcept;

  [[nodiscard]] std::size_t winner() const noexcept { return winner_.load(std::memory_order_acquire); }
  [[nodiscard]] bool complete() const noexcept { return winner() < branches_.size(); }

 private:
  static constexpr std::size_t taken_back = nobody - 1;

  static bool branch_claims(resumer& r) noexcept;
  static void branch_woken(resumer& r) noexcept;
  void arrive(unsigned n) noexcept;
  [[nodiscard]] bool settle() noexcept;

  std::span<branch> branches_;
  resumer* waiting_ = nullptr;
  std::size_t started_ = 0;  // the first so many have been started; written before the starter arrives
  // nobody, then once the index of the branch that happens, or taken_back. By compare-and-exchange; acq_rel, so that
  // who comes later sees what the winner did.
  std::atomic<std::size_t> winner_{nobody};
  // Two arrive, the starter and the winner's waker; the second takes the losers back. acq_rel, as that one sees all that
  // was started.
  std::atomic<unsigned> arrived_{0};
  // One for the starter and the winner, who leave together, and one for each other branch that was started, until it is
  // taken back or has told. Who takes it to zero wakes; acq_rel, as the frame ends then.
  std::atomic<std::size_t> open_{1};
};

/// A selection of operations of any types, which it holds; a reference for an lvalue.
template <class... Ops>
class selection_of {
 public:
  template <class... As>
  explicit selection_of(std::in_place_t, As&&... ops) : operations_{to_operation(std::forward<As>(ops))...} {
    watch(std::index_sequence_for<Ops...>());
  }
  /// Before it is started.
  selection_of(selection_of&& other) : operations_(std::move(other.operations_)) {
    watch(std::index_sequence_for<Ops...>());
  }

  bool ready() { return selection_.ready(); }
  bool start(resumer& r) noexcept { return selection_.start(r); }
  bool cancel() noexcept { return selection_.cancel(); }
  [[nodiscard]] bool complete() const noexcept { return selection_.complete(); }

 protected:
  [[nodiscard]] std::size_t winner() const noexcept { return selection_.winner(); }
  template <std::size_t I>
  [[nodiscard]] auto& operation_at() noexcept {
    return std::get<I>(operations_);
  }

 private:
  template <std::size_t... I>
  void watch(std::index_sequence<I...>) noexcept {
    (branches_[I].watch(std::get<I>(operations_)), ...);
  }

  std::tuple<Ops...> operations_;
  selection::branch branches_[sizeof...(Ops)];
  selection selection_{branches_};
};

}  // namespace mobula::detail
