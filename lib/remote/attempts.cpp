#include <mobula/core/error.hpp>
#include <mobula/core/runtime_capacity.hpp>
#include <mobula/remote/attempts.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

namespace mobula::detail {
namespace {

bool may_be_tried_again(task_options const& o, failure_ptr const& why) {
  try {
    why.rethrow();
  } catch (cancelled const&) { return false; } catch (...) {
    return !*o.retry_if || (*o.retry_if)(why.exception());
  }
}

std::string in_seconds(duration d) { return amount_text(std::chrono::duration<double>(d).count()) + " s"; }

}  // namespace

duration wait_of(backoff const& b, unsigned failures, std::uint64_t random) noexcept {
  using rough = std::chrono::duration<double, duration::period>;  // nothing overflows
  if (b.first == duration::zero()) return duration::zero();       // also where the power is infinite
  rough const wait = std::min(rough(b.most), rough(b.first) * std::pow(b.factor, failures - 1));
  double const part = static_cast<double>(random >> 11) * 0x1p-53;  // in [0, 1)
  return to_clock(wait * (1 - b.jitter * part));
}

bool attempts_base::wanted_by(task_options const& o) noexcept {
  return o.max_retries != 0 || o.timeout || o.attempt_timeout || o.deadline || o.hedge_after;
}

time_point attempts_base::limit_of(task_options const& o, time_point now) noexcept {
  time_point const limit = o.deadline.value_or(time_point::max());
  return o.timeout ? std::min(limit, time_after(now, *o.timeout)) : limit;
}

bool attempts_base::may_follow() const noexcept {
  return options_->max_retries < 0 || failed_ < static_cast<std::size_t>(options_->max_retries);
}

time_point attempts_base::attempt_limit() const noexcept {
  auto const& t = options_->attempt_timeout;
  return t ? std::min(limit_, deadline_after(*t)) : limit_;
}

time_point attempts_base::hedge_time() const noexcept {
  return options_->hedge_after ? deadline_after(*options_->hedge_after) : time_point::max();
}

duration attempts_base::failed(failure_ptr why) {
  bool const again = may_follow() && !for_good_ && may_be_tried_again(*options_, why);
  static_cast<void>(why.read());  // what comes of all tells of it
  keep(why);
  if (!again) give_up(why);
  auto const failures = static_cast<unsigned>(std::min<std::size_t>(failed_, std::numeric_limits<unsigned>::max()));
  duration const pause = wait_of(options_->backoff, failures, this_worker()->owner.random());
  if (limit_ != time_point::max() && pause >= time_between(now(), limit_)) give_up(why);  // no time is left for another
  return pause;
}

void attempts_base::keep(failure_ptr const& why) {
  ++failed_;
  if (failures_.size() == 2 * attempts_kept) failures_.erase(failures_.begin() + attempts_kept);
  failures_.push_back(why);
}

failure_ptr attempts_base::late() {
  auto const failure_of = [](std::string const& what) {
    return failure_ptr::capture(std::make_exception_ptr(deadline_error(what)));
  };
  if (now() < limit_ && options_->attempt_timeout)
    return failure_of("the attempt took longer than its " + in_seconds(*options_->attempt_timeout) +
                      " (task_options::attempt_timeout)");
  give_up(failure_of(options_->timeout && !options_->deadline
                         ? "the task was not over within its " + in_seconds(*options_->timeout) +
                               " (task_options::timeout), or before the deadline of what started it"
                         : "the task was not over before its deadline, or that of what started it"));
}

void attempts_base::give_up(failure_ptr const& why) { why.with_attempts(std::move(failures_), failed_).rethrow(); }

}  // namespace mobula::detail
