#pragma once

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace cma_test {

/// A folder of a test's own, which goes with it.
class folder {
 public:
  folder() {
    std::string name = (std::filesystem::temp_directory_path() / "mobula-cma-XXXXXX").string();
    path_ = mkdtemp(name.data());
  }
  folder(const folder&) = delete;
  ~folder() { std::filesystem::remove_all(path_); }
  std::filesystem::path operator/(const std::string& name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

/// Another working folder, until this goes.
class working_folder {
 public:
  explicit working_folder(const std::filesystem::path& there) : before_(std::filesystem::current_path()) {
    std::filesystem::current_path(there);
  }
  working_folder(const working_folder&) = delete;
  ~working_folder() { std::filesystem::current_path(before_); }

 private:
  std::filesystem::path before_;
};

inline std::vector<std::string> lines_of(const std::filesystem::path& file) {
  std::ifstream in(file);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

}  // namespace cma_test
