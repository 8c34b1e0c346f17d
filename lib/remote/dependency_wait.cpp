#include <mobula/core/wait_graph.hpp>
#include <mobula/remote/dependency_wait.hpp>

namespace mobula::detail {

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
