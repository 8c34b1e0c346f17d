#include <mobula/core/runtime_capacity.hpp>
#include <mobula/core/scheduler.hpp>

#include <array>
#include <charconv>
#include <stdexcept>
#include <utility>

namespace mobula::detail {

std::string amount_text(double amount) {
  std::array<char, 32> text{};
  return {text.data(), std::to_chars(text.data(), text.data() + text.size(), amount).ptr};
}

std::string wrong_resource(std::string const& name, double amount) {
  if (name.empty()) return "has to have a name";
  if (name == "CPU" || name == "GPU" || name == "memory")
    return "can't be called '" + name + "': that is num_cpus, num_gpus or memory";
  if (amount >= 0 && amount <= most_of_a_resource && (to_units(amount) > 0 || amount == 0)) return {};
  return "can't be " + amount_text(amount) + " of '" + name + "': from 0.0001 to " + amount_text(most_of_a_resource) +
         ", or 0";
}

void set_capacity(scheduler& s, runtime_capacity c, char const* owner) {
  auto const refuse = [owner](std::string const& what) {
    throw std::invalid_argument("mobula: " + std::string(owner) + "::" + what);
  };
  constexpr unsigned most_gpus = 10'000;
  if (c.num_gpus > most_gpus) refuse("num_gpus is " + std::to_string(c.num_gpus) + "; allowed is from 0 to 10,000");
  if (static_cast<double>(c.memory) > most_of_a_resource)
    refuse("memory is " + std::to_string(c.memory) + "; allowed is up to " + amount_text(most_of_a_resource));
  for (auto const& [name, amount] : c.resources)
    if (std::string const wrong = wrong_resource(name, amount); !wrong.empty()) refuse("resources: one " + wrong);
  s.limited = c.max_running != 0 || c.max_in_flight != 0 || c.max_pending != 0;
  s.cancellable = s.cancellable || s.limited;
  s.capacity = std::make_shared<runtime_capacity const>(std::move(c));
}

}  // namespace mobula::detail
