#include <mobula/core/wait_graph.hpp>
#include <mobula/remote/dependency_wait.hpp>

#include <mutex>

namespace mobula::detail {

void dependency_wait::begin(scheduler& s, job& then, task_context* context) noexcept {
  owner_ = &s;
  job_ = &then;
  context_ = context;
  bool by_tasks = true;
  {
    std::lock_guard const lock(mutex_);
    for (shared_state_base const* const d : pending_) by_tasks = by_tasks && d->by_task();
  }
  if (!by_tasks) {
    worker* const w = this_worker();
    waits_ = w != nullptr && &w->owner == &s ? &w->waits : &s.waits_elsewhere;
    parties_.store(2, std::memory_order_relaxed);
    if (!waits_->add(node_, *this)) drop(*this);
  }
  go_on();
}

void dependency_wait::go_on() noexcept {
  {
    std::lock_guard const lock(mutex_);
    at_ = nullptr;
    while (!pending_.empty()) {
      shared_state_base* const d = pending_.back();
      pending_.pop_back();
      at_ = d;
      if (d->add(*this)) return;  // who is notified waits for the lock, and then all may end
      at_ = nullptr;
    }
  }
  end();
}

// False if there is nothing to give up: whoever is on the way here finds no more.
bool dependency_wait::give_up() noexcept {
  std::lock_guard const lock(mutex_);
  pending_.clear();
  if (at_ == nullptr || !at_->remove(*this)) return false;
  at_ = nullptr;
  return true;
}

void dependency_wait::stop() noexcept {
  if (give_up()) end();
}

void dependency_wait::drop(resumer& r) noexcept {
  auto& me = static_cast<dependency_wait&>(r);
  {
    std::lock_guard const lock(me.mutex_);
    me.dropped_ = true;
  }
  me.depart(me.give_up() ? 2 : 1);
}

// The wait is over; if it can't be taken out any more, whoever drops it is on the way.
void dependency_wait::end() noexcept { depart(waits_ == nullptr || !waits_->remove(node_) ? 1 : 2); }

void dependency_wait::depart(int parties) noexcept {
  if (parties_.fetch_sub(parties, std::memory_order_acq_rel) != parties) return;
  if (context_ == nullptr) return owner_->submit(*job_);
  context_->begin(*job_, *owner_);
}

void note_needs(job& call, task_record& r, std::vector<shared_state_base*> const& pending, bool resources) noexcept {
  try {
    std::vector<job*> calls;
    for (shared_state_base* const s : pending)
      if (s->has_context()) calls.push_back(s);
    if (!calls.empty()) note_arguments(call, calls, &call);
    if (!pending.empty()) return r.set_waits_to_begin("the results", {pending.begin(), pending.end()});
    if (resources) r.set_waits_to_begin("what it asks for");
  } catch (...) {}  // no memory for that
}

}  // namespace mobula::detail
