#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace mobula::cma {

/// A file that is written.
///
/// Errors: whatever fails throws `std::system_error` with the reason; its text says which file of the search it was:
///         "cma: can't write the log /full/run.csv: No space left on device".
class output_file {
 public:
  enum class start { empty, behind, fresh };  // what is there goes; stays in front; or must not be there

  /// @param what the file is: "the log"
  output_file(std::string what, std::filesystem::path file, start how);
  output_file(const output_file&) = delete;
  ~output_file();

  /// Writes all of it, or, where a file can be shortened, nothing.
  void write(std::string_view bytes);
  /// Waits until all of it is on the disk.
  void sync();
  void close();

 private:
  [[noreturn]] void fail(int error) const;

  std::string what_;
  std::filesystem::path file_;
  int descriptor_;
  std::int64_t size_ = 0;  // up to the end of what was written whole
  bool regular_ = false;
};

/// Makes the folder that `file` lies in, if it can: if not, writing the file will say why.
void make_folder_of(const std::filesystem::path& file);

/// Puts `bytes` in the place of a file. Whatever happens meanwhile, the end of the machine included, one of the two is
/// there, whole: they are written under another name (".new" behind it), brought to the disk, and renamed.
/// Errors: as `output_file`. What is there is left alone if it is no regular file.
void replace_file(const std::string& what, const std::filesystem::path& file, std::string_view bytes);
/// Fails where `replace_file` would, and changes nothing.
void try_to_replace_file(const std::string& what, const std::filesystem::path& file, std::string_view bytes);

}  // namespace mobula::cma
