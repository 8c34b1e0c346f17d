#include <mobula/core/error.hpp>
#include <mobula/core/scheduler.hpp>
#include <mobula/remote/lease.hpp>
#include <mobula/remote/task_options.hpp>

#include <string>
#include <utility>

namespace mobula::detail {
namespace {

void check(bool allowed, char const* field, char const* what) {
  if (!allowed) throw error("mobula: task_options::" + std::string(field) + " has to be " + what);
}

bool positive(std::optional<time_span> const& d) noexcept { return !d || *d > duration::zero(); }

}  // namespace

std::shared_ptr<task_options const> checked(task_options o) {
  check(o.max_retries >= -1, "max_retries", "0 or more, or -1 for any number");
  check(positive(o.timeout), "timeout", "longer than 0: leave it out for no limit");
  check(positive(o.attempt_timeout), "attempt_timeout", "longer than 0: leave it out for no limit");
  check(positive(o.hedge_after), "hedge_after", "longer than 0: leave it out for no second copy");
  check(o.backoff.first >= duration::zero() && o.backoff.most >= duration::zero(), "backoff",
        "of waits that are not negative");
  check(o.backoff.factor >= 1, "backoff", "with a factor of 1 or more");
  check(o.backoff.jitter >= 0 && o.backoff.jitter <= 1, "backoff", "with a jitter from 0 to 1");
  check(!o.priority || *o.priority <= priority::high, "priority", "one of mobula::priority");
  check(!o.worker || !o.numa_node, "worker", "left out where numa_node is given: a worker is of one node");
  check(!o.blocking || (!o.worker && !o.numa_node), "blocking",
        "false where a worker or numa_node is given: what blocks runs on a thread of its own");
  check_resources(o.num_cpus, o.num_gpus, o.memory, o.resources, "task_options");
  return std::make_shared<task_options const>(std::move(o));
}

placement placement_for(task_options const& o, scheduler const& s) {
  auto const check_below = [](std::optional<unsigned> const& n, unsigned count, char const* field, char const* what) {
    if (n && *n >= count)
      throw error("mobula: task_options::" + std::string(field) + " is " + std::to_string(*n) + "; this runtime has " +
                  std::to_string(count) + " " + what + ", numbered from 0 on");
  };
  check_below(o.worker, s.concurrency(), "worker", "workers (runtime_options::num_cpus)");
  check_below(o.numa_node, s.numa_nodes(), "numa_node", "nodes (runtime::numa_nodes)");
  return {.level = o.priority, .worker = o.worker, .numa_node = o.numa_node, .blocking = o.blocking};
}

void throw_must_not_block(std::string const& call) {
  throw error("mobula: " + call +
              " can't be called with .blocking = true, as it is a coroutine, or gives a future or a task: put what "
              "blocks into a plain function, and await a task of that");
}

void throw_not_kept_for_retry(std::string const& call) {
  throw error(
      "mobula: an argument of " + call +
      " can't be copied, but has to be kept, as the task may be tried again or twice: pass a std::shared_ptr of "
      "it, or leave out max_retries and hedge_after. What gives a stream can't be tried again at all");
}

}  // namespace mobula::detail
