#include "api/http/stream.hpp"

#include <utility>

namespace api::http {
namespace {

using Notify = std::shared_ptr<std::function<void()>>;

// Outside the lock: a notification may come back here.
void call(const Notify& notify) {
    if (notify && *notify) (*notify)();
}

}  // namespace

Stream::Offer Stream::offer(std::string_view chunk) {
    Notify notify;
    {
        const std::lock_guard lock{mutex_};
        if (ended_ || abandoned_) return Offer::closed;
        if (!buffer_.empty() && buffer_.size() + chunk.size() > buffer_bytes_) {
            refused_ = true;
            return Offer::full;
        }
        if (buffer_.empty()) notify = on_data_;
        buffer_ += chunk;
    }
    call(notify);
    return Offer::taken;
}

bool Stream::offer_or_end(std::string_view chunk, std::string_view last_words) {
    const auto offered = offer(chunk);
    if (offered == Offer::full) end(last_words);
    return offered == Offer::taken;
}

void Stream::end(std::string_view last_words) {
    Notify notify;
    {
        const std::lock_guard lock{mutex_};
        if (ended_ || abandoned_) return;
        buffer_ += last_words;
        ended_ = true;
        notify = on_data_;
    }
    call(notify);
}

bool Stream::closed() const {
    const std::lock_guard lock{mutex_};
    return ended_ || abandoned_;
}

std::size_t Stream::buffered() const {
    const std::lock_guard lock{mutex_};
    return buffer_.size();
}

void Stream::on_change(std::function<void()> notify) {
    auto shared = std::make_shared<std::function<void()>>(std::move(notify));
    const std::lock_guard lock{mutex_};
    on_change_ = std::move(shared);
}

void Stream::on_data(std::function<void()> notify) {
    auto shared = std::make_shared<std::function<void()>>(std::move(notify));
    const std::lock_guard lock{mutex_};
    on_data_ = std::move(shared);
}

Stream::Taken Stream::take() {
    Taken taken;
    Notify notify;
    {
        const std::lock_guard lock{mutex_};
        taken.data = std::exchange(buffer_, {});
        taken.last = ended_ || abandoned_;
        if (std::exchange(refused_, false)) notify = on_change_;
    }
    call(notify);
    return taken;
}

void Stream::abandon() {
    Notify changed;
    Notify data;
    {
        const std::lock_guard lock{mutex_};
        if (std::exchange(abandoned_, true)) return;
        buffer_.clear();
        changed = on_change_;
        data = on_data_;
    }
    call(changed);
    call(data);
}

}  // namespace api::http
