// A search that survives the end of its process: it is saved after every generation, and goes on where it was.

#include <mobula/cma/checkpoint_error.hpp>
#include <mobula/cma/optimizer.hpp>

#include <Eigen/Core>

#include <cstdio>
#include <fstream>
#include <iostream>
#include <string>
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

// [save]
// Written beside the old one and renamed, so that there is a whole one at any time.
void save(cma::optimizer const& es, std::string const& path) {
  std::string const next = path + ".next";
  std::ofstream file(next, std::ios::binary);
  es.save(file);
  file.close();
  std::rename(next.c_str(), path.c_str());
}

cma::optimizer resume(std::string const& path) {
  std::ifstream file(path, std::ios::binary);
  return cma::optimizer::resume(file);
}
// [/save]

}  // namespace

int main() {
  std::string const path = "search.checkpoint";
  cma::optimizer whole(Eigen::VectorXd::Zero(8), 0.3, {.seed = 4, .ftarget = 1e-10});
  go_on(whole, 1000);

  cma::optimizer first(Eigen::VectorXd::Zero(8), 0.3, {.seed = 4, .ftarget = 1e-10});
  go_on(first, 20);
  save(first, path);
  cma::optimizer second = resume(path);
  go_on(second, 1000);
  std::cout << "the same to the last bit: " << std::boolalpha << (second.result().x == whole.result().x) << '\n';

  std::fstream(path, std::ios::in | std::ios::out | std::ios::binary).seekp(200) << 'x';  // an accident
  try {
    resume(path);
  } catch (cma::checkpoint_error const& error) { std::cout << error.what() << '\n'; }
  std::remove(path.c_str());
}
