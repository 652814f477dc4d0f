// This program once more, serving a book, as a process of its own: for what can only be seen from outside.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

namespace app::bench {

class Child {
public:
    // Starts `bailee ARGUMENTS`; what it says on standard error goes into the file. Throws CommandFailed.
    Child(const std::vector<std::string>& arguments, const std::filesystem::path& log);
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;
    ~Child();  // ends it by SIGTERM and waits

    // The first line it prints. Throws CommandFailed with its log when it ends without one.
    [[nodiscard]] std::string first_line();
    [[nodiscard]] pid_t process() const { return process_; }

private:
    pid_t process_ = -1;
    int output_ = -1;
    std::filesystem::path log_;
};

}  // namespace app::bench
