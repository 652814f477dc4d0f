// What a server leaves in its data directory for other commands: a lock while it serves, its address, and a
// key of its own, so that the command line goes through the same door while the server is up. Readable by the
// owner alone.
#pragma once

#include <optional>
#include <string>

namespace app {

class ServerLock {
public:
    // Held until destruction; nothing when another process serves the directory.
    [[nodiscard]] static std::optional<ServerLock> take(const std::string& data_dir);
    ServerLock(ServerLock&& other) noexcept;
    ServerLock& operator=(ServerLock&& other) noexcept;
    ~ServerLock();

private:
    explicit ServerLock(int descriptor) : descriptor_{descriptor} {}
    int descriptor_;
};

void write_private_file(const std::string& path, const std::string& text);
[[nodiscard]] std::string server_address_file(const std::string& data_dir);
[[nodiscard]] std::string command_line_key_file(const std::string& data_dir);

}  // namespace app
