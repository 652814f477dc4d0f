// Where a handler's answer waits for the session that asked: filled once from any thread, taken on the
// session's own.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>

#include "api/http/message.hpp"

namespace api::http {

class Exchange : public std::enable_shared_from_this<Exchange> {
public:
    // `wake` is called from the answering thread, when the session waits; `unused` when the responder went
    // uncalled.
    Exchange(std::function<void()> wake, std::function<Response()> unused)
        : wake_{std::move(wake)}, unused_{std::move(unused)} {}

    [[nodiscard]] Responder responder();
    // The first answer counts.
    void answer(Response response);
    // From now on an answer wakes the session, unless it is there already.
    [[nodiscard]] std::optional<Response> take_or_wait();

private:
    std::mutex mutex_;
    std::optional<Response> response_;
    bool answered_ = false;
    bool waiting_ = false;
    std::function<void()> wake_;
    std::function<Response()> unused_;
};

}  // namespace api::http
