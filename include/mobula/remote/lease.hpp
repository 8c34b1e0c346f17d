#pragma once

#include <mobula/core/execution_context.hpp>
#include <mobula/core/placement.hpp>
#include <mobula/core/scheduler.hpp>
#include <mobula/core/spin_lock.hpp>
#include <mobula/core/task_context.hpp>
#include <mobula/remote/resource_book.hpp>
#include <mobula/remote/task_options.hpp>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace mobula::detail {

/// A place among the calls that are submitted and have not begun; an operation that waits for one. Gives it back when it
/// goes.
class pending_place {
 public:
  pending_place(scheduler& s, resource_demand d, std::shared_ptr<resource_pool> of_function) noexcept
      : keeps_(s.shared_from_this()),
        book_(book_of(s)),
        demand_(std::move(d)),
        of_function_(std::move(of_function)),
        claim_(book_, demand_) {}
  pending_place(pending_place const&) = delete;
  ~pending_place() {
    if (claim_.taken()) book_.give_back(demand_);
  }

  [[nodiscard]] bool ready() { return claim_.ready(); }
  bool start(resumer& r) noexcept { return claim_.start(r); }
  static constexpr auto waits_for = "a place among the pending tasks";
  bool cancel() noexcept { return claim_.cancel(); }
  void result() const noexcept {}

 private:
  std::shared_ptr<scheduler> const keeps_;  // of which the book is a part
  resource_book& book_;
  resource_demand const demand_;
  std::shared_ptr<resource_pool> const of_function_;
  resource_claim claim_;
};

/// The place that a call needs before it is submitted; null if there is no limit. To be waited for.
[[nodiscard]] std::shared_ptr<pending_place> pending_place_for(scheduler& s,
                                                               std::shared_ptr<task_options const> const& o);
/// The same when it has been waited for: in a task by its fiber, elsewhere by the thread.
[[nodiscard]] std::shared_ptr<pending_place> wait_for_pending_place(scheduler& s,
                                                                    std::shared_ptr<task_options const> const& o);

/// What a task or an actor has of its runtime's resources, from when it begins to its end; before, it waits for that.
///
/// It is the context beneath the task's own. Of what is only needed to run, CPUs and places among those that run, nothing
/// is kept while all strands of the task wait (in plain tasks its stack, of coroutines each that has been begun): it is
/// given back, and asked for again, before all that has not begun, when one may go on. A wait by a primitive of
/// Boost.Fiber's, or one that blocks the thread, is none that anybody sees.
///
/// Threads: any.
class lease final : public execution_context,
                    public strand_counter,
                    public std::enable_shared_from_this<lease>,
                    job,
                    resumer {
 public:
  /// `to_run`: of `all`, what is only needed to run. `of_function`: pools of places that have to live as long.
  lease(scheduler& s, resource_demand all, resource_demand to_run,
        std::vector<std::shared_ptr<resource_pool>> of_function);
  ~lease() = default;

  /// Until it begins it is one of those that are pending.
  void set_place(std::shared_ptr<pending_place> p) noexcept { place_ = std::move(p); }

  /// Where what waits for it runs.
  void set_placement(placement const& at) noexcept { at_ = at; }

  /// Waits for the resources, and then submits `then`. Once.
  void ask(job& then) noexcept {
    then_ = &then;
    ask();
  }
  /// The job that does so, for whoever submits it.
  [[nodiscard]] job& before(job& then) noexcept {
    then_ = &then;
    return *this;
  }

  /// Submits `then` now if it hasn't been, without anything. Any thread, while somebody keeps the call alive.
  void stop() noexcept;
  /// It begins.
  void begin() noexcept { place_.reset(); }
  /// It is over, begun or not: gives everything back. Again is harmless.
  void end() noexcept;

  [[nodiscard]] std::vector<unsigned> gpu_ids() const override { return gpus_; }
  [[nodiscard]] bool holds() const noexcept override { return !kept_.empty(); }

  void resume_coroutine(job& j, scheduler&) noexcept override { come_back(j); }
  void stack_left() noexcept override { strand_left(); }
  void resume_stack(job& j, scheduler&) noexcept override { come_back(j); }

  void strand_begins() noexcept override;
  void strand_left() noexcept override;
  [[nodiscard]] std::shared_ptr<strand_counter> keep() noexcept override { return shared_from_this(); }

 private:
  void ask() noexcept;
  [[nodiscard]] bool take_or_wait() noexcept;
  void has_taken() noexcept;
  void come_back(job& j) noexcept;
  void woken() noexcept;
  [[nodiscard]] job* can_run() noexcept;
  void submit(job& j) noexcept;
  void submit_list(job* first) noexcept;

  scheduler& owner_;
  resource_book& book_;
  resource_demand const all_;
  resource_demand const to_run_;
  resource_demand kept_;  // the rest
  std::vector<std::shared_ptr<resource_pool>> const of_function_;
  std::shared_ptr<pending_place> place_;
  placement at_;
  std::vector<unsigned> gpus_;
  job* then_ = nullptr;
  bool const urgent_;  // who asks keeps something, maybe until this is over

  spin_lock mutex_;  // of what follows. Nobody is woken under it
  std::optional<resource_claim> claim_;
  bool stopped_ = false;
  bool asking_ = false;      // woken is to come, unless the claim is taken back
  bool begun_ = false;       // `then` has been submitted
  bool admitted_ = false;    // it has `kept_`
  bool has_to_run_ = false;  // it has `to_run_`
  bool ended_ = false;
  unsigned strands_ = 0;
  job* first_back_ = nullptr;  // those that may go on when it can run
  job* last_back_ = nullptr;
  std::shared_ptr<lease> self_;  // while it asks to run again: it may end meanwhile
};

/// What a task with these options asks for on that runtime; null for nothing. `o` may be null. Throws mobula::error for
/// what there never is.
[[nodiscard]] std::shared_ptr<lease> lease_for(scheduler& s, std::shared_ptr<task_options const> const& o);

/// Whether a task with these options needs a lease on some runtime or other.
[[nodiscard]] bool asks_for_something(task_options const& o) noexcept;

/// A task's own context, above what it has; that may be null.
[[nodiscard]] std::unique_ptr<task_context> context_above(std::shared_ptr<lease> l, task_context const* parent,
                                                          time_point deadline = time_point::max(),
                                                          placement const& at = {});

/// The context of a task in a runtime that limits how many run or are pending, when there is a place for it; null if it does
/// not.
[[nodiscard]] std::unique_ptr<task_context> limited_context(scheduler& s);

/// What a task has, by its context; null for nothing.
[[nodiscard]] inline lease* lease_of(task_context* c) noexcept {
  return c != nullptr ? static_cast<lease*>(c->beneath()) : nullptr;  // of a task, there is nothing else
}

/// The task is over.
inline void end_lease(task_context& c) noexcept {
  if (lease* const l = lease_of(&c)) l->end();
}

/// Throws mobula::error for options that can't be asked for, whatever there is.
void check_resources(double cpus, double gpus, std::size_t memory, std::map<std::string, double> const& others,
                     char const* owner);

}  // namespace mobula::detail
