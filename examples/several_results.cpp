// A task that gives several results, each of which goes its own way.
#include <mobula/mobula.hpp>

#include <cstddef>
#include <iostream>
#include <string>
#include <tuple>
#include <vector>

namespace mb = mobula;

// [task]
struct dataset {
  std::vector<int> rows;
};

std::tuple<dataset, dataset> halves(std::vector<int> const& rows) {
  auto const middle = rows.begin() + static_cast<std::ptrdiff_t>(rows.size() / 2);
  return {dataset{{rows.begin(), middle}}, dataset{{middle, rows.end()}}};
}
int train(dataset const& d) { return static_cast<int>(d.rows.size()); }
std::string test(int model, dataset const& d) {
  return std::to_string(model) + " against " + std::to_string(d.rows[0]);
}
// [/task]

int main() {
  mb::runtime ray({.num_cpus = 2});

  // [split]
  auto [training, testing] = mb::split(mb::remote(halves)(std::vector{1, 2, 3, 4}));
  mb::future<int> model = mb::remote(train)(training);  // knows nothing of the other half
  mb::future<std::string> result = mb::remote(test)(model, testing);
  // [/split]
  std::cout << mb::get(result) << '\n';
}
