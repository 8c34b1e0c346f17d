#include <mobula/core/error.hpp>
#include <mobula/task/faults.hpp>

namespace mobula {
namespace {

constinit thread_local faults* active = nullptr;

// Never inlined, as a coroutine may go on in another thread.
[[gnu::noinline]] faults* active_here() noexcept { return active; }

}  // namespace

faults::faults(manual_runtime const& rt) : random_(rt.seed()) {
  if (active_here() != nullptr) throw error("mobula: there is a mobula::faults on this thread already: add to that");
  active = this;
}

faults::~faults() { active = nullptr; }

void faults::at(std::string name, fault f) {
  if (!(f.probability >= 0 && f.probability <= 1))
    throw error("mobula: fault::probability at '" + name + "' has to be from 0 to 1");
  planned_[std::move(name)] = {std::move(f)};
}

int faults::happened(std::string_view name) const noexcept {
  auto const i = planned_.find(name);
  return i == planned_.end() ? 0 : i->second.happened;
}

fault const* faults::draw(std::string_view name) {
  auto const i = planned_.find(name);
  if (i == planned_.end()) return nullptr;
  planned& p = i->second;
  if (p.happened == p.what.times) return nullptr;
  if (static_cast<double>(random_() >> 11) * 0x1p-53 >= p.what.probability) return nullptr;
  ++p.happened;
  return &p.what;
}

bool detail::fault_operation::ready() {
  faults* const f = active_here();
  if (f == nullptr) return true;
  fault const* const what = f->draw(name_);
  if (what == nullptr) return true;
  error_ = what->error;
  drop_ = what->drop;
  if (what->delay > duration::zero()) delay_.emplace(what->delay);
  if (auto const action = what->action) action();  // a copy: it may change what is planned
  return !delay_ || delay_->ready();
}

bool detail::fault_operation::result() const {
  if (delay_) delay_->result();
  if (error_) std::rethrow_exception(error_);
  return !drop_;
}

}  // namespace mobula
