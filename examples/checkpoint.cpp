// A search that survives the end of its process: it is saved after every generation, and goes on where it was.

#include <mobula/cma/checkpoint_error.hpp>
#include <mobula/cma/optimizer.hpp>

#include <Eigen/Core>

#include <filesystem>
#include <fstream>
#include <iostream>
#include <vector>

namespace cma = mobula::cma;

namespace {

double sphere(Eigen::Ref<Eigen::VectorXd const> const& x) { return (x.array() - 1).square().sum(); }

// Some generations of a search.
void go_on(cma::optimizer& es, int generations) {
  for (int i = 0; i < generations && !es.stop(); ++i) {
    std::vector<double> values;
    for (auto x : es.ask().colwise()) values.push_back(sphere(x));
    es.tell(values);
  }
}

}  // namespace

int main() {
  std::filesystem::path const path = "search.checkpoint";
  cma::optimizer whole(Eigen::VectorXd::Zero(8), 0.3, {.seed = 4, .ftarget = 1e-10});
  go_on(whole, 1000);

  cma::optimizer first(Eigen::VectorXd::Zero(8), 0.3, {.seed = 4, .ftarget = 1e-10});
  go_on(first, 20);
  // [save]
  first.save(path);  // a whole checkpoint is there at any time: the one before, or this
  cma::optimizer second = cma::optimizer::resume(path);
  // [/save]
  go_on(second, 1000);
  std::cout << "the same to the last bit: " << std::boolalpha << (second.result().x == whole.result().x) << '\n';

  std::fstream(path, std::ios::in | std::ios::out | std::ios::binary).seekp(200) << 'x';  // an accident
  try {
    static_cast<void>(cma::optimizer::resume(path));
  } catch (cma::checkpoint_error const& error) { std::cout << error.what() << '\n'; }
  std::filesystem::remove(path);
}
