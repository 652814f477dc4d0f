// Options that several commands share.
#pragma once

#include <string>
#include <vector>

#include <CLI/CLI.hpp>

namespace app {

// Where the book lies: a directory with a private PostgreSQL, or a database of yours.
struct BookPlace {
    std::string data_dir;
    std::string database;
    std::string database_file;  // a file that holds the address, so that a secret is on no command line
    std::vector<std::string> patroni;  // of each host of the address: where its Patroni is asked

    void add_to(CLI::App& command);
    [[nodiscard]] bool is_private() const { return database.empty() && database_file.empty(); }
    // The address to connect to, read from the file when it stands in one. Throws CLI::RuntimeError with a
    // sentence.
    [[nodiscard]] std::string database_address() const;
};

// Exit codes of every command: 0 done, 1 refused or a check failed, 2 wrong usage, 3 unreachable or in doubt.
inline constexpr int exit_done = 0;
inline constexpr int exit_refused = 1;
inline constexpr int exit_usage = 2;
inline constexpr int exit_unreachable = 3;

// Ends the command with a sentence on standard error.
class CommandFailed : public std::exception {
public:
    CommandFailed(int exit_code, std::string sentence)
        : exit_code_{exit_code}, sentence_{std::move(sentence)} {}
    [[nodiscard]] int exit_code() const { return exit_code_; }
    [[nodiscard]] const char* what() const noexcept override { return sentence_.c_str(); }

private:
    int exit_code_;
    std::string sentence_;
};

// The first line of a file, without its end.
[[nodiscard]] std::string first_line_of(const std::string& path);

}  // namespace app
