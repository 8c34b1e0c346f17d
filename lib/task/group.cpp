#include <mobula/core/process_number.hpp>
#include <mobula/core/submission_hold.hpp>
#include <mobula/task/group.hpp>

#include <mutex>

namespace mobula {
namespace detail {

void group_child::over(task_group& g, std::uint64_t number, failure_ptr why) noexcept {
  g.child_over(number, std::move(why));
  scheduler::finish_task();
}

bool join_operation::ready() const {
  if (group_->is_over()) return true;
  if (group_->is_lost()) [[unlikely]]
    throw_forked("the children of a group are tasks of the parent's");
  return false;
}

bool join_operation::start(resumer& r) noexcept {
  if (group_->is_over()) {
    static_cast<void>(r.try_claim());  // that the children are over can't be refused
    return false;
  }
  group_->owner_ = &r;
  if (group_->open_.fetch_sub(1, std::memory_order_acq_rel) != 1) return true;
  static_cast<void>(r.try_claim());
  return false;
}

bool join_operation::cancel() noexcept {
  auto n = group_->open_.load(std::memory_order_relaxed);
  while (n != 0)
    if (group_->open_.compare_exchange_weak(n, n + 1, std::memory_order_relaxed)) return true;
  return false;
}

void join_operation::result() {
  group_->open_.store(1, std::memory_order_relaxed);  // all are over: nobody else is there
  if (!throws_) return;
  if (auto const why = std::exchange(group_->failure_, {})) why.rethrow();
}

job* join_operation::awaited_call() const noexcept {
  task_context const* const c = group_->context_.get();
  if (c == nullptr || c->record() == nullptr || group_->cancels_rest_) return nullptr;  // a child may end the others
  return c->record()->call();
}

void join_operation::note_wait(execution_context& here, void const* wait) noexcept {
  job* call = awaited_call();
  try {
    here.begin_wait({&call, 1}, wait);
  } catch (deadlock_error const&) {
    {
      std::lock_guard const lock(group_->mutex_);
      if (!group_->failure_) group_->failure_ = failure_ptr::capture(std::current_exception());
      group_->failed_ = 0;
    }
    group_->context_->request_stop();
  } catch (...) {}  // no memory to note it
}

void join_operation::help() noexcept {
  while (!group_->is_over()) {
    worker* const w = this_worker();  // anew each time: a child may have moved this stack to another thread
    if (w == nullptr || !w->may_run_on_top()) return;
    job* const j = w->queue.pop();
    if (j == nullptr) return;
    if (group_child::group_of(*j) != group_) {
      w->owner.push(*w, *j);
      return w->owner.wake_if_needed();
    }
    j->step(*j, w->owner.verb());
    this_worker()->context = nullptr;  // as before; it may have had the group's
  }
}

}  // namespace detail

namespace {

// A wait of a plain task for a group, as its context knows of it.
class noted_join {
 public:
  explicit noted_join(detail::join_operation& all) noexcept {
    if (all.awaited_call() == nullptr) return;
    here_ = detail::this_context();
    if (here_ != nullptr) detail::note_wait(all, *here_, this);
  }
  noted_join(noted_join const&) = delete;
  ~noted_join() {
    if (here_ != nullptr) here_->end_wait(this);
  }

 private:
  detail::execution_context* here_ = nullptr;
};

}  // namespace

void task_group::start(std::unique_ptr<detail::group_child> c) {
  // Before the first child, when nobody else can be here.
  if (context_ == nullptr && started_.load(std::memory_order_relaxed) == 0) {
    bool const outside = detail::this_worker() == nullptr;
    if (detail::this_task_context() != nullptr || (outside && detail::tracking())) make_context();
  }
  of_process_.store(detail::process_number, std::memory_order_relaxed);
  c->number_ = started_.fetch_add(1, std::memory_order_relaxed);
  c->context_ = context_.get();
  detail::task_record* const record = context_ != nullptr ? context_->record() : nullptr;
  if (record != nullptr) record->begins();
  if (open_.fetch_add(1, std::memory_order_relaxed) == 0)
    open_.fetch_add(1, std::memory_order_relaxed);  // the owner, after a wait whose end it has not seen
  try {
    if (context_ == nullptr || context_->place().plain()) {
      if (detail::worker* const w = detail::this_worker())
        detail::scheduler::submit_task_on(*w, *c);
      else
        detail::submit_to_current([&](detail::scheduler& s) { s.submit_task(*c); });
    } else {
      detail::submit_to_current([&](detail::scheduler& s) {
        s.admit_task();
        context_->begin(*c, s);
      });
    }
  } catch (...) {
    open_.fetch_sub(1, std::memory_order_relaxed);  // not to zero: who calls is counted
    if (record != nullptr) record->ends_piece();
    throw;
  }
  static_cast<void>(c.release());
}

void task_group::make_context() {
  context_ = std::make_unique<detail::task_context>(nullptr, detail::this_task_context());
  context_->watch_parent();
  if (detail::task_record* const r = context_->record()) r->set_part("children of a group", *context_);
}

// After the count the group may be gone, unless this was the last child and the owner waits to be woken.
void task_group::child_over(std::uint64_t number, detail::failure_ptr why) noexcept {
  if (why) {
    {
      std::lock_guard const lock(mutex_);
      if (!failure_ || (number < failed_ && !cancels_rest_)) {
        std::swap(failure_, why);
        failed_ = number;
      }
    }
    if (cancels_rest_) context_->request_stop();
  }
  if (context_ != nullptr && context_->record() != nullptr) [[unlikely]]
    context_->record()->ends_piece();
  if (open_.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  detail::resumer& r = *owner_;
  static_cast<void>(r.try_claim());
  r.wake(r);
}

// Whether the children will never be over here, as this process was forked from theirs.
bool task_group::is_lost() const noexcept {
  return of_process_.load(std::memory_order_relaxed) != detail::process_number &&
         started_.load(std::memory_order_relaxed) != 0 && !is_over();
}

void task_group::wait_for_children() noexcept {
  if (is_over() || is_lost()) return;
  auto all = join();
  all.help();
  if (is_over()) return;
  noted_join const noted(all);
  auto const note = detail::note_of(all, false);
  static_cast<void>(detail::wait_to_the_end(all));
}

void get(detail::join_operation all, std::source_location where) {
  all.help();
  if (!all.ready()) {
    noted_join const noted(all);
    detail::wait_for(all, where);
  }
  all.result();
}

}  // namespace mobula
