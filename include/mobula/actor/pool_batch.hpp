#pragma once

#include <mobula/actor/pool_call.hpp>
#include <mobula/remote/map_unordered.hpp>
#include <mobula/task/pull_iterator.hpp>

#include <algorithm>
#include <cstddef>
#include <deque>
#include <iterator>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

namespace mobula {
namespace detail {

class pool_arrival;

/// Which calls of a batch are over and not taken yet.
///
/// Lifetime: shared with whoever tells that one is over, as the batch may have gone.
class pool_arrivals {
 public:
  pool_arrivals() noexcept = default;
  pool_arrivals(pool_arrivals const&) = delete;
  ~pool_arrivals();

  void arrive(std::unique_ptr<pool_arrival> a) noexcept;

  // By the one who reads.

  [[nodiscard]] bool any() const noexcept;
  [[nodiscard]] std::size_t pop() noexcept;
  /// That one has been taken, though it may not have been told of.
  void forget(std::size_t index);

  /// Waits for the next; false if there is one already.
  [[nodiscard]] bool start(resumer& r) noexcept;
  /// False if the resumer is being woken.
  [[nodiscard]] bool cancel() noexcept;

 private:
  std::unique_ptr<pool_arrival> unlink(pool_arrival*& at, pool_arrival* before) noexcept;

  mutable std::mutex mutex_;       // of the following
  pool_arrival* first_ = nullptr;  // that have arrived, in order; owned
  pool_arrival* last_ = nullptr;
  std::vector<std::size_t> taken_before_;  // and not told of
  resumer* reader_ = nullptr;
};

/// Tells of one call, and then stands for it among the arrivals.
class pool_arrival : waiter {
 public:
  pool_arrival(std::size_t index, std::shared_ptr<pool_arrivals> to) noexcept;

  /// From here on it owns itself, until the call is over.
  static void expect(std::unique_ptr<pool_arrival> a, shared_state_base& call) noexcept;

 private:
  friend pool_arrivals;

  std::size_t const index_;
  std::shared_ptr<pool_arrivals> to_;
  pool_arrival* next_ = nullptr;
};

}  // namespace detail

/// Calls of an actor pool with results of one type, to be read in order, or as they come; actor_pool::batch makes it.
///
///     auto losses = pool.batch<double>();
///     for (auto const& part : data) losses.submit<&trainer::loss>(part);
///     while (auto loss = mb::get(losses.next_unordered())) std::cout << loss->index << ": " << loss->value << '\n';
///
/// What `next` and `next_unordered` give can be awaited, given to `get`, with a time limit too, and be a branch of a
/// `select`; what is given up has taken nothing.
/// Lifetime: it may go at any time; its calls go on. Threads: one at a time.
template <class T, class R>
class pool_batch {
 public:
  using value_type = indexed_result<detail::non_void<R>>;

  explicit pool_batch(std::shared_ptr<detail::pool_members<T>> members)
      : members_(std::move(members)), arrivals_(std::make_shared<detail::pool_arrivals>()) {}

  /// As actor_pool::submit; the result is read from here.
  template <auto Method, class A = detail::absent, class B = detail::absent, class C = detail::absent,
            class D = detail::absent>
  void submit(A&& a = {}, B&& b = {}, C&& c = {}, D&& d = {}, detail::call_site where = detail::call_site::current()) {
    add([&] {
      return detail::submit_given(members_, where, detail::pool_method<Method>(), std::forward<A>(a),
                                  std::forward<B>(b), std::forward<C>(c), std::forward<D>(d));
    });
  }
  template <auto Method, class... Args>
    requires(sizeof...(Args) > 4)
  void submit(Args&&... args) {
    add([&] {
      return detail::submit_to_pool(members_, {}, detail::pool_method<Method>(), std::forward<Args>(args)...);
    });
  }
  template <class F, class A = detail::absent, class B = detail::absent, class C = detail::absent,
            class D = detail::absent>
    requires(!std::is_same_v<std::remove_cvref_t<F>, detail::absent>)
  void submit(F&& f, A&& a = {}, B&& b = {}, C&& c = {}, D&& d = {},
              detail::call_site where = detail::call_site::current()) {
    add([&] {
      return detail::submit_given(members_, where, std::forward<F>(f), std::forward<A>(a), std::forward<B>(b),
                                  std::forward<C>(c), std::forward<D>(d));
    });
  }
  template <class F, class... Args>
    requires(sizeof...(Args) > 4)
  void submit(F&& f, Args&&... args) {
    add([&] { return detail::submit_to_pool(members_, {}, std::forward<F>(f), std::forward<Args>(args)...); });
  }

  /// Tells whether some result has not been read.
  [[nodiscard]] bool has_next() const noexcept { return left_ != 0; }
  [[nodiscard]] std::size_t left() const noexcept { return left_; }

  /// The place, by the order of submission, of the call that was read last, also if it had failed.
  [[nodiscard]] std::size_t index() const noexcept { return last_; }

  class next_in_order;
  template <class Reader>
  class next_arrived;
  /// Waits for the first in order of submission that has not been read: gives a std::optional of its result, none if all
  /// have been read; the value is a std::monostate for void.
  ///
  /// Errors: throws what the call did, when waited for. It has been read then, and the others go on.
  [[nodiscard]] next_in_order next() & { return next_in_order(*this); }
  /// The same for any, in the order in which they are over, with its index.
  [[nodiscard]] auto next_unordered() & { return next_arrived<detail::item_value>(*this); }
  /// The same, and gives what has come of it, a value or a failure.
  [[nodiscard]] auto next_unordered_outcome() & { return next_arrived<detail::item_outcome>(*this); }

 private:
  // What it takes comes first: a call that is submitted is one to be read.
  template <class Submit>
  void add(Submit submit_call) {
    auto told = std::make_unique<detail::pool_arrival>(first_ + futures_.size(), arrivals_);
    futures_.emplace_back();
    try {
      futures_.back() = submit_call();
    } catch (...) {
      futures_.pop_back();
      throw;
    }
    ++left_;
    detail::pool_arrival::expect(std::move(told), detail::future_access::state(futures_.back()));
  }

  // In the child of a fork, throws no_runtime if none of them will be over.
  void check_not_lost() const {
    auto const may_come = [](future<R> const& f) { return f.valid() && !detail::future_access::state(f).is_lost(); };
    if (std::none_of(futures_.begin(), futures_.end(), may_come))
      detail::future_access::state(futures_.front()).check_not_lost();
  }

  template <class Reader>
  auto take(std::size_t i) {
    future<R> f = std::move(futures_[i - first_]);
    last_ = i;
    --left_;
    while (!futures_.empty() && !futures_.front().valid()) {
      futures_.pop_front();
      ++first_;
    }
    return Reader::read(std::move(f));
  }

  std::shared_ptr<detail::pool_members<T>> members_;
  std::shared_ptr<detail::pool_arrivals> arrivals_;
  std::deque<future<R>> futures_;  // from the first that has not been read on; handles to nothing for those that have
  std::size_t first_ = 0;          // its index
  std::size_t left_ = 0;
  std::size_t last_ = 0;
};

template <class T, class R>
class pool_batch<T, R>::next_in_order {
 public:
  explicit next_in_order(pool_batch& from) noexcept : from_(&from) {
    if (from.left_ != 0) until_ready_.emplace(detail::future_access::state(from.futures_.front()));
  }
  static constexpr auto waits_for = "the next result of a pool";
  [[nodiscard]] bool ready() const { return !until_ready_ || until_ready_->ready(); }
  bool start(detail::resumer& r) noexcept { return until_ready_->start(r); }
  bool cancel() noexcept { return until_ready_->cancel(); }
  [[nodiscard]] std::optional<detail::non_void<R>> result() {
    if (!until_ready_) return std::nullopt;
    from_->arrivals_->forget(from_->first_);
    return from_->template take<detail::item_value>(from_->first_);
  }

 private:
  pool_batch* from_;
  std::optional<detail::state_operation> until_ready_;
};

template <class T, class R>
template <class Reader>
class pool_batch<T, R>::next_arrived {
 public:
  using value_type = indexed_result<typename Reader::template type<R>>;

  explicit next_arrived(pool_batch& from) noexcept : from_(&from) {}
  static constexpr auto waits_for = "the next result of a pool";
  [[nodiscard]] bool ready() const {
    if (from_->left_ == 0 || from_->arrivals_->any()) return true;
    if (detail::process_number != 1) from_->check_not_lost();
    return false;
  }
  bool start(detail::resumer& r) noexcept { return from_->arrivals_->start(r); }
  bool cancel() noexcept { return from_->arrivals_->cancel(); }
  [[nodiscard]] std::optional<value_type> result() {
    if (from_->left_ == 0) return std::nullopt;
    std::size_t const i = from_->arrivals_->pop();
    return value_type{i, from_->template take<Reader>(i)};
  }

 private:
  pool_batch* from_;
};

/// The results of actor_pool::map_unordered and map_unordered_outcomes: a range, or `next()` in a coroutine.
template <class T, class R, class Reader = detail::item_value>
class [[nodiscard]] unordered_pool_results {
 public:
  explicit unordered_pool_results(pool_batch<T, R> all) : all_(std::move(all)) {}

  /// As pool_batch::next_unordered, or next_unordered_outcome.
  [[nodiscard]] auto next() & { return typename pool_batch<T, R>::template next_arrived<Reader>(all_); }
  [[nodiscard]] std::size_t index() const noexcept { return all_.index(); }

  /// Blocks: at each step, as `get` does.
  [[nodiscard]] auto begin() & { return detail::pull_iterator(*this); }
  [[nodiscard]] std::default_sentinel_t end() const noexcept { return {}; }

 private:
  pool_batch<T, R> all_;
};

}  // namespace mobula
