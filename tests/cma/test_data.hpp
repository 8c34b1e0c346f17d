#pragma once

#include <cstddef>
#include <fstream>
#include <map>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace cma_test {

/// A line of one of the files in tests/cma/data, by the names of its columns.
struct row : std::map<std::string, std::string> {
  [[nodiscard]] double number(const std::string& column) const { return std::stod(at(column)); }
  [[nodiscard]] std::size_t count(const std::string& column) const { return std::stoul(at(column)); }
};

/// Reads a file of tests/cma/data, found beside this header whatever the working directory is.
inline std::vector<row> read_csv(const std::string& name) {
  const std::string here = __FILE__;
  const std::string path = here.substr(0, here.rfind('/') + 1) + "data/" + name;
  std::ifstream file(path);
  if (!file) throw std::runtime_error("cannot read " + path);
  const auto cells = [](const std::string& line) {
    std::vector<std::string> found;
    std::istringstream in(line);
    for (std::string cell; std::getline(in, cell, ',');) found.push_back(cell.substr(0, cell.find('\r')));
    return found;
  };
  std::string line;
  std::getline(file, line);
  const std::vector<std::string> columns = cells(line);
  std::vector<row> rows;
  while (std::getline(file, line)) {
    std::vector<std::string> values = cells(line);
    values.resize(columns.size());
    row& next = rows.emplace_back();
    for (std::size_t i = 0; i < columns.size(); ++i) next[columns[i]] = values[i];
  }
  return rows;
}

}  // namespace cma_test
