#include <mobula/actor/call_line.hpp>

#include <utility>

namespace mobula::detail {

call_line::call_line(actor_cell_base& cell) noexcept : job(&step), cell_(cell) {
  cell_.add_handle();
  if (cell_.add_line(*this)) return;  // from now on `close` may come at any time
  std::lock_guard const lock(mutex_);
  closed_ = true;
}

void call_line::pass(std::list<departing_call>& entry) noexcept {
  departing_call const c = entry.front();
  {
    std::unique_lock lock(mutex_);
    if (line_.empty() && (c.wait == nullptr || closed_)) {
      c.to->deliver(*c.message, c.kind);
      lock.unlock();
      if (cell_.refuses_calls()) cell_.refuse_queued();
      return;
    }
    line_.splice(line_.end(), entry);
    held_up_.store(true, std::memory_order_relaxed);
    if (line_.size() > 1) return;
    add_share();  // for the wait
  }
  c.wait(*c.message, cell_.owner(), *this);
}

// The first can't leave the line meanwhile; whoever has its arguments waits for the lock.
void call_line::close() noexcept {
  std::lock_guard const lock(mutex_);
  if (!std::exchange(closed_, true) && !line_.empty()) line_.front().stop_waiting(*line_.front().message);
}

void call_line::step(job& j, job_verb) noexcept { static_cast<call_line&>(j).advance(); }

// The first has what it waited for; so do those behind it that wait for nothing.
void call_line::advance() noexcept {
  departing_call first;
  {
    std::lock_guard const lock(mutex_);
    do {
      line_.front().to->deliver(*line_.front().message, line_.front().kind);
      line_.pop_front();
    } while (!line_.empty() && (line_.front().wait == nullptr || closed_));
    if (!line_.empty())
      first = line_.front();
    else
      held_up_.store(false, std::memory_order_release);
  }
  if (cell_.refuses_calls()) cell_.refuse_queued();
  if (first.message != nullptr)
    first.wait(*first.message, cell_.owner(), *this);
  else
    release();
}

void call_line::release() noexcept {
  if (shares_.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  actor_cell_base& cell = cell_;
  cell.remove_line(*this);
  delete this;
  cell.release_handle();
}

}  // namespace mobula::detail
