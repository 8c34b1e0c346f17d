#pragma once

#include <mobula/core/runtime_capacity.hpp>
#include <mobula/core/runtime_parts.hpp>
#include <mobula/core/scheduler.hpp>
#include <mobula/core/spin_lock.hpp>
#include <mobula/remote/task_options.hpp>
#include <mobula/task/wait_queue.hpp>

#include <cstdint>
#include <deque>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace mobula::detail {

class resource_book;

/// One resource: how much there is and how much is free, in units; or the places of a limit. Guarded by its book's lock,
/// but for name and capacity.
struct resource_pool {
  std::string const name;
  std::int64_t const capacity;
  std::int64_t free = capacity;
  std::int64_t reserved = 0;                 // for the first of each shape that waits
  std::vector<std::int64_t> by_device = {};  // what is free of each GPU; empty for all else
};

struct resource_amount {
  resource_pool* of;
  std::int64_t units;
  bool operator==(resource_amount const&) const = default;
};

/// What a limit counts: tasks that run; that have begun and are not over; that have not begun.
enum class place_limit : std::uint8_t { running, in_flight, pending };

/// What is asked for at once. Those who ask for the same have one shape.
using resource_demand = std::vector<resource_amount>;

/// Those of one shape who wait, first come first served.
struct resource_shape {
  resource_shape(resource_demand d, bool u) : demand(std::move(d)), urgent(u) {}
  resource_demand const demand;
  bool const urgent;
  wait_queue queue{"runtime with limited resources"};
};

/// Waits for resources and takes them. An operation; what it has taken is given back to the book by hand.
class resource_claim : queue_node {
 public:
  /// Urgent ones take whatever is free, also what is reserved: they go on with what has begun, or somebody may wait for them
  /// who keeps what others wait for. `devices` has room for the numbers of as many
  /// GPUs as are asked for. All outlive it.
  resource_claim(resource_book& b, resource_demand const& d, bool urgent = false,
                 std::vector<unsigned>* devices = nullptr) noexcept
      : book_(b), demand_(d), urgent_(urgent), devices_(devices) {}

  [[nodiscard]] bool ready();
  bool start(resumer& r) noexcept;
  static constexpr auto waits_for = "resources";
  bool cancel() noexcept;
  void result() const noexcept {}

  /// As cancel, which wakes those whose turn comes by that.
  bool leave(wake_list& passed) noexcept;
  /// Takes it without asking whether it is there, as there is no memory to wait.
  void force() noexcept;

  /// Whether it has taken what it waited for; not if the runtime drops.
  [[nodiscard]] bool taken() const noexcept { return taken_; }

 private:
  friend resource_book;

  resource_book& book_;
  resource_demand const& demand_;
  bool const urgent_;
  bool taken_ = false;
  bool chosen_ = false;  // its turn has come: it is woken
  std::vector<unsigned>* const devices_;
  std::uint64_t arrival_ = 0;
  std::list<resource_shape> spare_;  // for the book, if this is the first of its shape to wait
  std::list<resource_shape>::iterator at_{};
};

/// What the tasks and actors of one runtime have taken of its resources, and who waits for them.
///
/// Who asks for what is free, beyond what is reserved, takes it at once, in as many steps as it asks for resources. Else
/// it waits, in one line for each shape. For the first of each shape what it asks for is reserved, in the order in which
/// they came; so a shape passes another that came before it only with what that leaves, and nobody starves, however much
/// it asks for. Urgent ones don't heed that, as what is reserved may be for somebody who waits for what their parent keeps.
///
/// Threads: any.
class resource_book final : public runtime_part {
 public:
  /// Once, before anything else; again is harmless.
  void set_up(scheduler& s);

  /// What a task with these options asks for; `many` is what the function itself allows, null for no limit of that. Throws
  /// mobula::error for what there never is, which says what there is.
  [[nodiscard]] resource_demand demand_of(double cpus, double gpus, std::size_t memory,
                                          std::map<std::string, double> const& others, std::string const& who);

  [[nodiscard]] resource_pool* running() noexcept { return running_; }
  [[nodiscard]] resource_pool* in_flight() noexcept { return in_flight_; }
  [[nodiscard]] resource_pool* pending() noexcept { return pending_; }
  [[nodiscard]] static bool is_cpu(resource_pool const& p) noexcept { return p.name == "CPU"; }

  /// The places of a function's own limit, by its options; they live as long as somebody has them.
  [[nodiscard]] std::shared_ptr<resource_pool> places_of(std::shared_ptr<task_options const> const& o,
                                                         place_limit which);

  void give_back(resource_demand const& d, std::vector<unsigned> const* devices = nullptr) noexcept;

  [[nodiscard]] std::map<std::string, double> all() const;
  [[nodiscard]] std::map<std::string, double> available();

  void let_go() noexcept override {}
  void drop() noexcept override;

 private:
  friend resource_claim;
  using place = std::list<resource_shape>::iterator;

  resource_pool& add(std::string name, double amount);
  [[nodiscard]] resource_pool* find(std::string const& name) noexcept;
  [[nodiscard]] bool is_limit(resource_pool const& p) const noexcept;
  [[noreturn]] void throw_never(std::string const& who, std::string const& asked) const;

  // All that follows: under the lock.
  [[nodiscard]] static bool fits(resource_amount const& a, bool urgent) noexcept;
  [[nodiscard]] static bool fits(resource_demand const& d, bool urgent) noexcept;
  static void reserve(resource_demand const& d) noexcept;
  static void clear_reserved(resource_demand const& d) noexcept;
  void take(resource_claim& c) noexcept;
  void put(resource_demand const& d, std::vector<unsigned> const* devices) noexcept;
  void let_in(wake_list& passed) noexcept;
  void line_up(resource_claim& c, resumer& r) noexcept;
  [[nodiscard]] static resource_claim& first_of(resource_shape& s) noexcept;
  [[nodiscard]] static bool is_before(resource_shape& a, resource_shape& b) noexcept;
  [[nodiscard]] place move_on(place at) noexcept;

  std::once_flag once_;
  std::deque<resource_pool> pools_;
  resource_pool* running_ = nullptr;  // the runtime's own limits; null for none
  resource_pool* in_flight_ = nullptr;
  resource_pool* pending_ = nullptr;

  spin_lock lock_;
  std::list<resource_shape> shapes_;  // of which somebody waits: urgent ones first, then in the order of their first
  std::uint64_t arrivals_ = 0;
  bool dropped_ = false;

  std::mutex places_mutex_;
  std::map<std::pair<task_options const*, place_limit>, std::weak_ptr<resource_pool>> places_;
};

/// The book of a runtime.
[[nodiscard]] resource_book& book_of(scheduler& s);

}  // namespace mobula::detail
