// A response that is written while it is sent: server-sent events, or NDJSON of any length. Any thread writes
// into a bounded buffer; the server sends what is there. The buffer is the only memory a slow reader can
// take.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

namespace api::http {

class Stream {
public:
    enum class Offer : std::uint8_t {
        taken,
        full,  // not taken: offer it again when there is room
        closed,  // not taken, and nothing ever will be
    };

    explicit Stream(std::size_t buffer_bytes = 256UL * 1024) : buffer_bytes_{buffer_bytes} {}

    // A chunk goes out whole. One larger than the buffer is taken when the buffer is empty.
    [[nodiscard]] Offer offer(std::string_view chunk);
    // For a source that cannot wait: when it does not fit, the reader is too slow and the stream ends with
    // `last_words`.
    bool offer_or_end(std::string_view chunk, std::string_view last_words);
    // Ends it after what has been taken and these last words, which always fit.
    void end(std::string_view last_words = {});

    [[nodiscard]] bool closed() const;  // ended, or the client or the server has gone
    [[nodiscard]] std::size_t buffered() const;

    // Called when a refused offer may be tried again, and when the client or server
    // has gone; on an I/O thread, so it may only wake somebody. Set it before the response is given.
    void on_change(std::function<void()> notify);

    // The server's side.
    struct Taken {
        std::string data;
        bool last = false;  // nothing comes after it
    };
    [[nodiscard]] Taken take();
    void on_data(std::function<void()> notify);  // called when take() has something new
    void abandon();  // the client or the server has gone

private:
    mutable std::mutex mutex_;
    const std::size_t buffer_bytes_;
    std::string buffer_;
    bool ended_ = false;
    bool abandoned_ = false;
    bool refused_ = false;  // since the last notification
    std::shared_ptr<std::function<void()>> on_change_;
    std::shared_ptr<std::function<void()>> on_data_;
};

}  // namespace api::http
