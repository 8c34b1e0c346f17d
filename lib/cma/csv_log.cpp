#include "mobula/cma/csv_log.hpp"

#include <cstdlib>
#include <fstream>
#include <string>
#include <system_error>

#include "cma/number_text.hpp"
#include "cma/output_file.hpp"

namespace mobula::cma {
namespace {

void add_names(std::string& line, const char* name, std::size_t count) {
  for (std::size_t i = 1; i <= count; ++i) line.append(",").append(name).append(std::to_string(i));
}

std::string header_line(std::size_t dimension) {
  std::string line = "iterations,evaluations,seconds,min,median,max,best,sigma,axis_ratio,run,popsize";
  add_names(line, "std_", dimension);
  add_names(line, "mean_", dimension);
  return line + '\n';
}

void add_number(std::string& line, double value) { line.append(",").append(number_text(value)); }

// How long the header and the lines of the first so many iterations are; 0 without such a header.
std::uintmax_t length_of(const std::filesystem::path& file, const std::string& header, std::int64_t iterations) {
  std::error_code unknown;
  if (iterations == 0 || !std::filesystem::is_regular_file(file, unknown)) return 0;
  std::ifstream in(file, std::ios::binary);
  std::string line(header.size(), '\0');
  if (!in.read(line.data(), static_cast<std::streamsize>(line.size())) || line != header) return 0;
  std::uintmax_t length = header.size();
  while (std::getline(in, line) && !in.eof() && std::atoll(line.c_str()) <= iterations) length += line.size() + 1;
  return length;
}

}  // namespace

csv_log::csv_log(const std::filesystem::path& file, std::size_t dimension, std::int64_t keep) {
  const std::string first = header_line(dimension);
  const std::uintmax_t kept = length_of(file, first, keep);
  make_folder_of(file);
  if (kept > 0) std::filesystem::resize_file(file, kept);
  out_ =
      std::make_unique<output_file>("the log", file, kept > 0 ? output_file::start::behind : output_file::start::empty);
  if (kept == 0) out_->write(first);
}

csv_log::csv_log(csv_log&&) noexcept = default;
csv_log& csv_log::operator=(csv_log&&) noexcept = default;
csv_log::~csv_log() = default;

void csv_log::write(const generation_report& generation) {
  std::string line = std::to_string(generation.iterations) + ',' + std::to_string(generation.evaluations);
  for (const double value : {generation.elapsed.count(), generation.min, generation.median, generation.max,
                             generation.best_f, generation.sigma, generation.axis_ratio})
    add_number(line, value);
  line += ',' + std::to_string(generation.run) + ',' + std::to_string(generation.popsize);
  for (const double value : generation.stds) add_number(line, value);
  for (const double value : generation.mean) add_number(line, value);
  out_->write(line += '\n');
}

}  // namespace mobula::cma
