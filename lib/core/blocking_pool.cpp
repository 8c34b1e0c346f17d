#include "blocking_pool.hpp"

#include <mobula/core/blocking_thread.hpp>

#include <pthread.h>

#include <utility>

namespace mobula::detail {
namespace {

void name_this_thread(std::string const& prefix) noexcept {
  if (prefix.empty()) return;
  char const suffix[] = "-blocking";
  constexpr std::size_t most = 15;  // that Linux keeps
  std::string const name = prefix.substr(0, most + 1 - sizeof suffix) + suffix;
  ::pthread_setname_np(::pthread_self(), name.c_str());
}

}  // namespace

constinit thread_local blocking_thread* current_blocking_thread = nullptr;

blocking_pool::blocking_pool(scheduler& owner, settings s) : owner_(owner), settings_(std::move(s)) {}

bool blocking_pool::submit(job& j) noexcept {
  std::lock_guard const lock(mutex_);
  if (closed_) return false;
  bool const may_grow = running_.size() < settings_.most_threads;
  if (queued_ >= idle_ && !(may_grow && start_thread()) && running_.empty()) return false;
  j.next = nullptr;
  (last_ != nullptr ? last_->next : first_) = &j;
  last_ = &j;
  ++queued_;
  changed_.notify_one();
  return true;
}

// With the lock. The list's node is made first, so that the thread can't be there without a place.
bool blocking_pool::start_thread() noexcept {
  thread_list ended;
  ended.swap(ended_);
  for (auto& t : ended) t.join();  // they have nothing left to do
  try {
    running_.emplace_back();
  } catch (...) { return false; }
  auto const me = std::prev(running_.end());
  try {
    *me = std::thread([this, me] { live(me); });
    return true;
  } catch (...) {
    running_.erase(me);
    return false;
  }
}

void blocking_pool::live(thread_list::iterator me) noexcept {
  name_this_thread(settings_.thread_name);
  blocking_thread self{owner_};
  current_blocking_thread = &self;
  std::unique_lock lock(mutex_);
  while (job* const j = next(lock)) {
    lock.unlock();
    j->step(*j, owner_.verb());
    self.context = nullptr;
    lock.lock();
  }
  current_blocking_thread = nullptr;
  ended_.splice(ended_.end(), running_, me);
  changed_.notify_all();  // `stop` may wait for the last one
}

// Null when the thread is to end: there has been none for some time.
job* blocking_pool::next(std::unique_lock<std::mutex>& lock) {
  auto const limit = std::chrono::steady_clock::now() + settings_.idle;
  ++idle_;
  changed_.wait_until(lock, limit, [this] { return first_ != nullptr || stopping_; });
  --idle_;
  if (first_ == nullptr) return nullptr;
  job* const j = std::exchange(first_, first_->next);
  if (first_ == nullptr) last_ = nullptr;
  --queued_;
  return j;
}

job* blocking_pool::close() noexcept {
  std::lock_guard const lock(mutex_);
  closed_ = true;
  last_ = nullptr;
  queued_ = 0;
  return std::exchange(first_, nullptr);
}

void blocking_pool::stop() noexcept {
  std::unique_lock lock(mutex_);
  closed_ = stopping_ = true;
  changed_.notify_all();
  changed_.wait(lock, [this] { return running_.empty(); });
  thread_list ended;
  ended.swap(ended_);
  lock.unlock();
  for (auto& t : ended) t.join();
}

std::size_t blocking_pool::threads() const noexcept {
  std::lock_guard const lock(mutex_);
  return running_.size();
}

}  // namespace mobula::detail
