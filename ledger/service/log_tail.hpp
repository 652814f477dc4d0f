// The last versions of the log in memory, for replays and streams. Any thread.
#pragma once

#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "ledger/port/outcome.hpp"

namespace ledger::service {

using namespace ledger::port;

class LogTail {
public:
    explicit LogTail(std::size_t capacity) : capacity_{capacity} {}

    void append(const std::shared_ptr<const LogEntry>& entry) {
        const std::lock_guard lock{mutex_};
        entries_.push_back(entry);
        if (entries_.size() > capacity_) entries_.pop_front();
    }

    [[nodiscard]] std::shared_ptr<const LogEntry> at(Version version) const {
        const std::lock_guard lock{mutex_};
        if (entries_.empty() || version < first() || version > entries_.back()->recorded.version)
            return nullptr;
        return entries_[version.value - first().value];
    }

    // Versions after the one given, oldest first; nothing when they begin before the tail does.
    [[nodiscard]] std::optional<std::vector<std::shared_ptr<const LogEntry>>> after(Version version,
                                                                                    std::size_t most) const {
        const std::lock_guard lock{mutex_};
        if (entries_.empty() || version.value + 1 < first().value) return std::nullopt;
        std::vector<std::shared_ptr<const LogEntry>> found;
        for (auto at = version.value + 1 - first().value; at < entries_.size() && found.size() < most; ++at)
            found.push_back(entries_[at]);
        return found;
    }

private:
    [[nodiscard]] Version first() const { return entries_.front()->recorded.version; }

    const std::size_t capacity_;
    mutable std::mutex mutex_;
    std::deque<std::shared_ptr<const LogEntry>> entries_;
};

}  // namespace ledger::service
