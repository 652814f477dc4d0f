// What `serve` and `demo` share: a book that runs, an interface in front of it, the readiness line, and the
// end on a signal.
#pragma once

#include <functional>
#include <map>
#include <string>

#include <CLI/CLI.hpp>

#include "app/options.hpp"
#include "app/running_book.hpp"

namespace app {

struct ServeOptions {
    BookPlace place;
    std::string book = "main";
    std::string listen = "127.0.0.1:8080";
    std::string pepper_file;
    std::string checkpoint_file;  // empty: none is kept
    std::string signing_key_file;
    unsigned checkpoint_every_seconds = 60;
    unsigned threads = 2;
    unsigned commit_within_seconds = 5;
    bool as_json = false;
    bool is_small = false;
    std::string environment;

    void add_to(CLI::App& command);
};

// Keys by the name they have in the readiness line: "admin", "customer:cust-42" …
using Keys = std::map<std::string, std::string>;

// Opens the book, lets `prepare` bring it to where it should be (and say which keys to print), serves until
// SIGTERM or SIGINT, and ends cleanly. The exit code.
int serve_until_signal(ServeOptions options,
                       const std::function<Keys(RunningBook& running, const std::string& pepper)>& prepare);

}  // namespace app
