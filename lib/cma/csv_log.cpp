#include "mobula/cma/csv_log.hpp"

#include <array>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string>

namespace mobula::cma {
namespace {

void write_names(std::ostream& out, const char* name, std::size_t count) {
  for (std::size_t i = 1; i <= count; ++i) out << ',' << name << i;
}

// With the fewest of the two numbers of digits that bring every double back.
void write_number(std::ostream& out, double value) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.17g", value);
  out << ',' << text.data();
}

// The header and the lines of the first so many iterations.
std::string lines_up_to(const std::filesystem::path& file, std::int64_t iterations) {
  std::ifstream in(file);
  std::string kept, line;
  if (std::getline(in, line)) kept = line + '\n';
  while (std::getline(in, line) && std::atoll(line.c_str()) <= iterations) kept += line + '\n';
  return kept;
}

}  // namespace

csv_log::csv_log(const std::filesystem::path& file, std::size_t dimension, std::int64_t keep) : file_(file) {
  const std::string kept = keep > 0 ? lines_up_to(file, keep) : std::string();
  std::error_code ignored;
  if (file.has_parent_path()) std::filesystem::create_directories(file.parent_path(), ignored);
  out_.open(file);
  if (kept.empty()) {
    out_ << "iterations,evaluations,seconds,min,median,max,best,sigma,axis_ratio";
    write_names(out_, "std_", dimension);
    write_names(out_, "mean_", dimension);
    out_ << '\n';
  }
  out_ << kept;
  check();
}

void csv_log::write(const generation_report& generation) {
  out_ << generation.iterations << ',' << generation.evaluations;
  for (const double value : {generation.elapsed.count(), generation.min, generation.median, generation.max,
                             generation.best_f, generation.sigma, generation.axis_ratio})
    write_number(out_, value);
  for (const double value : generation.stds) write_number(out_, value);
  for (const double value : generation.mean) write_number(out_, value);
  out_ << '\n';
  check();
}

void csv_log::check() {
  out_.flush();  // so that the file is whole at any time
  if (!out_) throw std::runtime_error("cma: can't write the log " + file_.string());
}

}  // namespace mobula::cma
