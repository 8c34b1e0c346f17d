#include <mobula/actor/actor_cell.hpp>
#include <mobula/actor/living_actors.hpp>
#include <mobula/core/error.hpp>

#include <cstdint>
#include <mutex>

namespace mobula::detail {

// Their addresses are those of blocks of memory, of which the last bits say nothing.
living_actors::shard& living_actors::shard_of(actor_cell_base const& a) noexcept {
  return shards_[(reinterpret_cast<std::uintptr_t>(&a) >> 8) % shards_.size()];
}

void living_actors::link(actor_cell_base& a, actor_cell_base*& first) noexcept {
  a.living.next = first;
  a.living.at = &first;
  if (first != nullptr) first->living.at = &a.living.next;
  first = &a;
}

void living_actors::unlink(actor_cell_base& a) noexcept {
  *a.living.at = a.living.next;
  if (a.living.next != nullptr) a.living.next->living.at = a.living.at;
  a.living.at = nullptr;
}

void living_actors::add(actor_cell_base& a) {
  shard& s = shard_of(a);
  std::lock_guard const lock(s.lock);
  if (s.closed)
    throw no_runtime("mobula: the runtime is being shut down and ends its actors: no new one can be made on it");
  link(a, s.first);
}

void living_actors::remove(actor_cell_base& a) noexcept {
  std::lock_guard const lock(shard_of(a).lock);
  if (a.living.at != nullptr) unlink(a);
}

// All are doomed before the first destructor runs, so it does not depend on their order what calls in destructors find.
void living_actors::end() noexcept {
  for (shard& s : shards_) {
    std::lock_guard const lock(s.lock);
    s.closed = true;
    for (actor_cell_base* a = s.first; a != nullptr; a = a->living.next) a->doom(end_reason::runtime_ended);
  }
  for (shard& s : shards_) {
    s.lock.lock();
    while (s.first != nullptr) {
      actor_cell_base& a = *s.first;
      unlink(a);
      link(a, s.told);
      if (!a.try_add_handle()) continue;  // it ends by itself; under the lock it can't be gone yet
      s.lock.unlock();
      a.end_with_runtime();
      a.release_handle();
      s.lock.lock();
    }
    s.lock.unlock();
  }
}

void living_actors::drop() noexcept {
  for (shard& s : shards_) {
    std::lock_guard const lock(s.lock);
    for (actor_cell_base* a = s.first; a != nullptr; a = a->living.next) a->wait_no_more();
  }
}

}  // namespace mobula::detail
