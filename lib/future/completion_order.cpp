#include <mobula/future/arrival_list.hpp>
#include <mobula/future/completion_order.hpp>

#include <algorithm>
#include <atomic>
#include <utility>

namespace mobula::detail {

// What completions tell of. It is on the heap, as a state that has just become ready may still be about to tell of it
// when nobody wants to know any more.
class completion_order::board {
 public:
  explicit board(std::span<shared_state_base* const> states)
      : size_(states.size()), entries_(new entry[size_]), left_(size_) {
    waiter** end = &next_;
    for (std::size_t i = 0; i < size_; ++i) {
      entry& e = entries_[i];
      e.owner = this;
      e.state = states[i];
      by_tasks_ = by_tasks_ && e.state->by_task();
      if (e.state->add(e)) continue;  // from here on it may be told of
      e.state = nullptr;
      e.next = nullptr;
      *end = &e;
      end = &e.next;
    }
  }

  [[nodiscard]] std::size_t left() const noexcept { return left_; }
  [[nodiscard]] bool by_tasks() const noexcept { return by_tasks_; }

  [[nodiscard]] bool ready() noexcept {
    if (next_ == nullptr) next_ = arrived_.take_all();
    return next_ != nullptr || left_ == 0;
  }
  void check_not_lost() const {
    bool const some_come = std::any_of(entries_.get(), entries_.get() + size_,
                                       [](entry const& e) { return e.state != nullptr && !e.state->is_lost(); });
    if (some_come) return;
    for (std::size_t i = 0; i < size_; ++i)
      if (entries_[i].state != nullptr) entries_[i].state->check_not_lost();
  }
  [[nodiscard]] bool sleep(resumer& r) noexcept { return arrived_.sleep(r); }
  [[nodiscard]] bool stop_sleeping(resumer& r) noexcept { return arrived_.stop_sleeping(r); }

  [[nodiscard]] std::optional<std::size_t> take() noexcept {
    if (!ready() || left_ == 0) return std::nullopt;
    auto& e = static_cast<entry&>(*next_);
    next_ = e.next;
    e.state = nullptr;
    --left_;
    return static_cast<std::size_t>(&e - entries_.get());
  }

  // Nobody wants to know any more.
  void leave() noexcept {
    std::size_t coming = 0;
    for (std::size_t i = 0; i < size_; ++i)
      if (entries_[i].state != nullptr && !entries_[i].state->remove(entries_[i])) ++coming;
    for (waiter* w = next_; w != nullptr; w = w->next)
      if (static_cast<entry*>(w)->state != nullptr) --coming;  // taken from the list, not by the user
    shares_.store(coming + 1, std::memory_order_relaxed);
    std::size_t here = 1;
    for (waiter* w = arrived_.close(); w != nullptr; w = w->next) ++here;
    release(here);
  }

 private:
  struct entry : waiter {
    entry() noexcept
        : waiter([](waiter& w) noexcept {
            board& b = *static_cast<entry&>(w).owner;
            auto const [sleeper, closed] = b.arrived_.push(w);  // then the board may be gone
            if (closed) b.release(1);
            if (sleeper == nullptr) return;
            static_cast<void>(sleeper->try_claim());  // that something is there has no effect that could be refused
            sleeper->wake(*sleeper);
          }) {}
    board* owner = nullptr;
    shared_state_base* state = nullptr;  // null if it will not tell: it was ready at first, or has been taken
  };

  void release(std::size_t n) noexcept {
    if (shares_.fetch_sub(n, std::memory_order_acq_rel) == n) delete this;
  }

  std::size_t const size_;
  std::unique_ptr<entry[]> const entries_;
  std::size_t left_;
  bool by_tasks_ = true;    // all of them are results of tasks
  waiter* next_ = nullptr;  // the ones to take next, in order
  arrival_list<waiter, resumer> arrived_;
  // When it is left: one for who leaves, and one for each entry that is on the way to telling or has told. `close`
  // releases the first value to them. Who takes it to zero frees; acq_rel, as all are done then.
  std::atomic<std::size_t> shares_{0};
};

completion_order::completion_order(std::span<shared_state_base* const> states) : board_(new board(states)) {}

completion_order::completion_order(completion_order&& other) noexcept : board_(std::exchange(other.board_, nullptr)) {}

completion_order& completion_order::operator=(completion_order&& other) noexcept {
  std::swap(board_, other.board_);
  return *this;
}

completion_order::~completion_order() {
  if (board_ != nullptr) board_->leave();
}

std::size_t completion_order::left() const noexcept { return board_ == nullptr ? 0 : board_->left(); }

bool completion_order::ready() {
  if (board_ == nullptr || board_->ready()) return true;
  if (process_number != 1) board_->check_not_lost();
  return false;
}

bool completion_order::ends_at_drop() const noexcept { return board_ == nullptr || board_->by_tasks(); }

bool completion_order::start(resumer& r) noexcept {
  waiting_ = &r;
  if (board_->sleep(r)) return true;  // from here on another thread may have woken it
  static_cast<void>(r.try_claim());
  return false;
}

bool completion_order::cancel() noexcept { return board_->stop_sleeping(*waiting_); }

std::optional<std::size_t> completion_order::result() noexcept {
  if (board_ == nullptr) return std::nullopt;
  return board_->take();
}

}  // namespace mobula::detail
