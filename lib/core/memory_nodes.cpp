#include "memory_nodes.hpp"

#ifdef MOBULA_HWLOC
#include <hwloc.h>

#include <new>
#include <utility>
#include <vector>
#endif

namespace mobula::detail {

#ifdef MOBULA_HWLOC

struct memory_nodes::topology {
  class cpu_set {
   public:
    explicit cpu_set(hwloc_bitmap_t s) : set_(s) {
      if (set_ == nullptr) throw std::bad_alloc();
    }
    cpu_set(cpu_set&& other) noexcept : set_(std::exchange(other.set_, nullptr)) {}
    ~cpu_set() { hwloc_bitmap_free(set_); }

    [[nodiscard]] hwloc_bitmap_t get() const noexcept { return set_; }

   private:
    hwloc_bitmap_t set_;
  };

  topology() {
    if (hwloc_topology_init(&machine) != 0) throw std::bad_alloc();
    if (hwloc_topology_load(machine) != 0) return;
    cpu_set const mine(hwloc_bitmap_alloc_full());
    if (hwloc_get_cpubind(machine, mine.get(), HWLOC_CPUBIND_THREAD) != 0) hwloc_bitmap_fill(mine.get());
    for (hwloc_obj_t n = nullptr; (n = hwloc_get_next_obj_by_type(machine, HWLOC_OBJ_NUMANODE, n)) != nullptr;) {
      cpu_set both(hwloc_bitmap_dup(n->cpuset));
      hwloc_bitmap_and(both.get(), both.get(), mine.get());
      if (!hwloc_bitmap_iszero(both.get())) nodes.push_back(std::move(both));
    }
  }
  topology(topology const&) = delete;
  ~topology() { hwloc_topology_destroy(machine); }

  hwloc_topology_t machine = nullptr;
  std::vector<cpu_set> nodes;
};

memory_nodes::memory_nodes(bool wanted) {
  if (!wanted) return;
  topology_ = std::make_unique<topology>();
  if (topology_->nodes.size() < 2) topology_.reset();
}

unsigned memory_nodes::count() const noexcept {
  return topology_ == nullptr ? 1 : static_cast<unsigned>(topology_->nodes.size());
}

void memory_nodes::bind(unsigned node) const noexcept {
  if (topology_ == nullptr) return;
  static_cast<void>(hwloc_set_cpubind(topology_->machine, topology_->nodes[node].get(), HWLOC_CPUBIND_THREAD));
}

#else

struct memory_nodes::topology {};

memory_nodes::memory_nodes(bool) {}
unsigned memory_nodes::count() const noexcept { return 1; }
void memory_nodes::bind(unsigned) const noexcept {}

#endif

memory_nodes::~memory_nodes() = default;

}  // namespace mobula::detail
