#pragma once

#include <mobula/actor/concurrency.hpp>
#include <mobula/actor/dies_on.hpp>
#include <mobula/actor/lifetime.hpp>
#include <mobula/actor/mailbox_full.hpp>
#include <mobula/actor/method.hpp>
#include <mobula/actor/saved_state.hpp>
#include <mobula/actor/supervisor.hpp>
#include <mobula/core/steady.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace mobula {

/// Calls of an actor that are handled beside others: up to `limit` of the group at the same time.
struct concurrency_group {
  detail::steady<std::string> name;
  unsigned limit = 1;
};

/// How the calls of one method are handled.
struct method_options {
  detail::method_id method;
  /// serial, reentrant or parallel(n).
  std::optional<mobula::concurrency> concurrency = {};
  /// Or the group that they belong to.
  detail::steady<std::string> concurrency_group = {};
  /// Whether it may block its thread; as actor_options::blocking, for this method alone, which may not be a coroutine.
  bool blocking = false;
};

/// Settings of an actor, the same for its whole life.
///
///     auto c = mb::make_actor<cache>.options({.concurrency = mb::reentrant})(1000);
template <class T>
struct actor_options {
  /// By which get_actor finds it, in its runtime and namespace, and which errors call it. No two living actors have the
  /// same; it is free again when the actor has been told to end, or has ended, or its last handle is gone.
  detail::steady<std::string> name = {};
  detail::steady<std::string> name_space = {};
  /// If the name is taken by an actor of the same class, that one is given instead, as it was made: the arguments and the
  /// other options aren't used, as in Ray, whatever they say: so all who may be the first give the same. Arguments given as
  /// rvalues may have been moved from if others make one at the same time.
  bool get_if_exists = false;
  /// What keeps it alive: its handles, or, detached, its name.
  mobula::lifetime lifetime = mobula::lifetime::handles;
  /// What the actor has for itself, of what its runtime has (cluster_resources), as the same of task_options: from before
  /// its object is constructed, which waits for that, to the end of its life, also while its methods wait.
  double num_cpus = 0;
  double num_gpus = 0;
  std::size_t memory = 0;
  detail::steady<std::map<std::string, double>> resources = {};
  /// How calls are handled for which nothing else is said: serial, reentrant or parallel(n), which is Ray's
  /// max_concurrency.
  mobula::concurrency concurrency = serial;
  /// Groups, by name, of calls that are handled beside all others.
  detail::steady<std::vector<concurrency_group>> concurrency_groups = {};
  /// How the calls of single methods are handled.
  detail::steady<std::vector<method_options>> methods = {};
  /// Whether methods may block in the kernel, or in a lock that is none of Mobula's. Then calls of those that are no
  /// coroutines run on threads of their own (runtime_options::max_blocking_threads), as the first constructor does, so
  /// that no worker is lost to them; they are handled in the same order, and as many at once, as without. `get` waits there
  /// as on a thread outside of the runtime. Not for reentrant methods. The destructor, and restarts, run on workers.
  bool blocking = false;
  /// How many calls may wait to be handled, all groups together and those that wait for their arguments too; 0 for any
  /// number. It takes a call more whenever one begins to be handled.
  std::ptrdiff_t mailbox = 0;
  /// What a call does when so many wait: wait too, or fail, as with Ray's max_pending_calls.
  mobula::when_full when_full = mobula::when_full::wait;
  /// How often the actor is restarted when it has died: its object destroyed and constructed anew, by copies of the
  /// arguments, when nothing of it runs. Calls that wait, and handles, stay. -1 for any number.
  int max_restarts = 0;
  /// Of which exceptions of methods it dies; of none, as in Ray, if this is left out: mobula::dies_on<E...>(),
  /// mobula::dies_on_any() or a function of one's own. The call ends with the exception all the same.
  detail::steady<death_predicate> dies_on = {};
  /// How often a call that was the actor's death is made again after the restart, before all that waits, by copies of its
  /// arguments; -1 for any number. So what it does has to bear being done twice.
  int max_task_retries = 0;
  /// Called after each restart, with the new object and what mobula::save_state has kept last. What it throws counts as
  /// another death.
  detail::steady<std::function<void(T& fresh, saved_state const& last)>> on_restart = {};
  /// Who decides whether the actor is restarted, instead of max_restarts.
  detail::steady<mobula::supervisor> supervisor = {};
};

/// How an actor is killed.
struct kill_options {
  /// Whether it may be restarted: then this is a death like others.
  bool restart = false;
};

/// Settings of single calls: c.options({.concurrency_group = "io"}).call<&T::m>().
struct call_options {
  /// The group that handles the call, instead of what its actor's options say.
  detail::steady<std::string> concurrency_group = {};
  /// Whether it comes before all calls that wait and have no such priority; but of 16 in a row one other is handled.
  bool high_priority = false;
  /// Whether `cancel` also stops the call while it runs, if its method waits or asks for its stop token; as
  /// task_options::cancellable.
  bool cancellable = false;
  /// Whether it goes on when the task that makes it is cancelled, and is not bound by the deadline of that; as
  /// task_options::detached. A post always does.
  bool detached = false;
  /// Whether it may block its thread; as actor_options::blocking, for this call alone, of a method that is no coroutine.
  bool blocking = false;
};

namespace detail {

class actor_cell_base;
struct route;
enum class blocking_kind : std::uint8_t;

/// Throws mobula::error for what is not allowed without a name.
void check_name(std::string const& name, std::string const& name_space, bool get_if_exists, lifetime l);

/// Make what the options ask for. They throw mobula::error for what is not allowed.
void set_up(actor_cell_base& a, concurrency by_default, bool blocking, std::vector<concurrency_group> const& groups,
            std::vector<method_options> const& methods);
void set_name(actor_cell_base& a, std::string const& name, std::string const& name_space);
void set_resources(actor_cell_base& a, double cpus, double gpus, std::size_t memory,
                   std::map<std::string, double> const& others);
/// Calls by that route may block their thread. Throws mobula::error if that can't be.
void let_block(route& r, blocking_kind b);
void bound_mailbox(actor_cell_base& a, std::ptrdiff_t limit, when_full what);

}  // namespace detail
}  // namespace mobula
