#include <mobula/core/error.hpp>
#include <mobula/remote/lease.hpp>
#include <mobula/remote/task_options.hpp>

#include <string>
#include <utility>

namespace mobula::detail {
namespace {

void check(bool allowed, char const* field, char const* what) {
  if (!allowed) throw error("mobula: task_options::" + std::string(field) + " has to be " + what);
}

bool positive(std::optional<duration> const& d) noexcept { return !d || *d > duration::zero(); }

}  // namespace

std::shared_ptr<task_options const> checked(task_options o) {
  check(o.max_retries >= -1, "max_retries", "0 or more, or -1 for any number");
  check(!o.retry_if || o.max_retries != 0, "max_retries", "given with retry_if, which says for what one retries");
  check(positive(o.timeout), "timeout", "longer than 0: leave it out for no limit");
  check(positive(o.attempt_timeout), "attempt_timeout", "longer than 0: leave it out for no limit");
  check(positive(o.hedge_after), "hedge_after", "longer than 0: leave it out for no second copy");
  check(o.backoff.first >= duration::zero() && o.backoff.most >= duration::zero(), "backoff",
        "of waits that are not negative");
  check(o.backoff.factor >= 1, "backoff", "with a factor of 1 or more");
  check(o.backoff.jitter >= 0 && o.backoff.jitter <= 1, "backoff", "with a jitter from 0 to 1");
  check_resources(o.num_cpus, o.num_gpus, o.memory, o.resources, "task_options");
  return std::make_shared<task_options const>(std::move(o));
}

void throw_not_kept_for_retry(std::string const& call) {
  throw error(
      "mobula: an argument of " + call +
      " can't be copied, but has to be kept, as the task may be tried again or twice: pass a std::shared_ptr of "
      "it, or leave out max_retries and hedge_after");
}

}  // namespace mobula::detail
