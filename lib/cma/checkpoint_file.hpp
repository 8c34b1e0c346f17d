#pragma once

#include <filesystem>
#include <fstream>

namespace mobula::cma {

/// Opens a file to resume from. The stream is closed if there is no such file.
/// Errors: throws `checkpoint_error`, which names the file and the reason, if it can't be opened or is no regular file.
[[nodiscard]] std::ifstream open_checkpoint(const std::filesystem::path& file);

}  // namespace mobula::cma
