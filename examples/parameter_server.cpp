// A parameter server: one actor has the weights of a model, workers improve them side by side, each on its own part of
// the data. Nobody waits for all: a worker reads the weights, computes a gradient and sends it, over and over.
//
//     parameter_server [data [workers]]     Fisher's iris measurements and 4 without arguments
//
// The model is a softmax regression: of four measurements of a flower, which of three species of iris it is.

#include <mobula/mobula.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

namespace mb = mobula;

namespace {

constexpr std::array species{"setosa", "versicolor", "virginica"};
constexpr std::size_t features = 5;  // four measurements, in cm, and a constant
constexpr double rate = 0.01;        // of learning

struct flower {
  std::array<double, features> x{0, 0, 0, 0, 1};
  std::size_t kind = 0;
};
using weights = std::array<std::array<double, features>, species.size()>;

// How likely each species is.
std::array<double, species.size()> predict(weights const& w, flower const& f) {
  std::array<double, species.size()> p{};
  double sum = 0;
  for (std::size_t k = 0; k < p.size(); ++k) {
    for (std::size_t i = 0; i < features; ++i) p[k] += w[k][i] * f.x[i];
    sum += p[k] = std::exp(p[k]);
  }
  for (double& q : p) q /= sum;
  return p;
}

class parameter_server {
 public:
  weights read() const { return w_; }
  void add(weights const& gradient) {
    ++updates_;
    for (std::size_t k = 0; k < w_.size(); ++k)
      for (std::size_t i = 0; i < features; ++i) w_[k][i] -= rate * gradient[k][i];
  }
  int updates() const { return updates_; }

 private:
  weights w_{};
  int updates_ = 0;
};

class worker {
 public:
  explicit worker(std::vector<flower> part) : part_(std::move(part)) {}

  // [train]
  mb::task<> train(mb::actor<parameter_server> server, int steps) {
    for (int s = 0; s < steps; ++s)  // calls keep their order: each read sees the gradient that was sent before
      server.post<&parameter_server::add>(gradient(co_await server.call<&parameter_server::read>()));
  }
  // [/train]

 private:
  weights gradient(weights const& w) const {
    weights g{};
    for (flower const& f : part_) {
      auto const p = predict(w, f);
      for (std::size_t k = 0; k < g.size(); ++k)
        for (std::size_t i = 0; i < features; ++i)
          g[k][i] += (p[k] - (k == f.kind ? 1 : 0)) * f.x[i] / static_cast<double>(part_.size());
    }
    return g;
  }

  std::vector<flower> part_;
};

std::vector<flower> load(char const* file) {
  std::ifstream in(file);
  std::vector<flower> all;
  for (std::string line; std::getline(in, line);) {
    flower f;
    char name[20] = "";
    if (std::sscanf(line.c_str(), "%lf,%lf,%lf,%lf,%19s", &f.x[0], &f.x[1], &f.x[2], &f.x[3], name) != 5) continue;
    f.kind = static_cast<std::size_t>(std::find(species.begin(), species.end(), std::string(name)) - species.begin());
    all.push_back(f);
  }
  return all;
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<flower> const flowers = load(argc > 1 ? argv[1] : MOBULA_EXAMPLE_DATA "/iris.csv");
  std::size_t const size = argc > 2 ? std::strtoul(argv[2], nullptr, 10) : 4;
  std::printf("%zu flowers, %zu workers\n", flowers.size(), size);
  mb::runtime const ray;
  auto const server = mb::make_actor<parameter_server>();
  std::vector<mb::future<void>> training;
  for (std::size_t k = 0; k < size; ++k) {
    std::vector<flower> part;
    for (std::size_t i = k; i < flowers.size(); i += size) part.push_back(flowers[i]);
    training.push_back(mb::make_actor<worker>(part).call<&worker::train>(server, 1000));
  }
  mb::get(training);
  weights const w = mb::get(server.call<&parameter_server::read>());
  auto const right = std::count_if(flowers.begin(), flowers.end(), [&](flower const& f) {
    auto const p = predict(w, f);
    return static_cast<std::size_t>(std::max_element(p.begin(), p.end()) - p.begin()) == f.kind;
  });
  std::printf("%d updates, %td of %zu right\n", mb::get(server.call<&parameter_server::updates>()), right,
              flowers.size());
}
