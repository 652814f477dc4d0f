#include "api/wire/json_writer.hpp"

#include <array>
#include <charconv>

namespace api::wire {
namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD";  // U+FFFD

constexpr auto plain_bytes = [] {
    std::array<bool, 256> plain{};
    for (std::size_t byte = 0x20; byte < 0x80; ++byte) plain[byte] = byte != '"' && byte != '\\';
    return plain;
}();

bool is_plain(char c) { return plain_bytes[static_cast<unsigned char>(c)]; }

// How many bytes of well-formed UTF-8 beyond ASCII begin here; 0 when none do. Unicode table 3-7.
std::size_t sequence_at(std::string_view text) {
    const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(text[at]); };
    const auto continues = [&](std::size_t at, unsigned least = 0x80, unsigned most = 0xBF) {
        return at < text.size() && byte(at) >= least && byte(at) <= most;
    };
    const unsigned lead = byte(0);
    if (lead >= 0xC2 && lead <= 0xDF) return continues(1) ? 2 : 0;
    if (lead >= 0xE0 && lead <= 0xEF) {
        const unsigned least = lead == 0xE0 ? 0xA0 : 0x80;
        const unsigned most = lead == 0xED ? 0x9F : 0xBF;
        return continues(1, least, most) && continues(2) ? 3 : 0;
    }
    if (lead >= 0xF0 && lead <= 0xF4) {
        const unsigned least = lead == 0xF0 ? 0x90 : 0x80;
        const unsigned most = lead == 0xF4 ? 0x8F : 0xBF;
        return continues(1, least, most) && continues(2) && continues(3) ? 4 : 0;
    }
    return 0;
}

void append_control(std::string& out, char c) {
    constexpr std::string_view digits = "0123456789abcdef";
    switch (c) {
        case '"': out += "\\\""; return;
        case '\\': out += "\\\\"; return;
        case '\n': out += "\\n"; return;
        case '\r': out += "\\r"; return;
        case '\t': out += "\\t"; return;
        default:
            out += "\\u00";
            out += digits[static_cast<unsigned char>(c) >> 4U];
            out += digits[static_cast<unsigned char>(c) & 15U];
    }
}

template <class Integer>
void append_integer(std::string& out, Integer value) {
    std::array<char, 24> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
    out.append(digits.data(), end);
}

}  // namespace

bool is_utf8(std::string_view text) {
    while (!text.empty()) {
        const bool is_ascii = static_cast<unsigned char>(text.front()) < 0x80;
        const auto size = is_ascii ? 1 : sequence_at(text);
        if (size == 0) return false;
        text.remove_prefix(size);
    }
    return true;
}

void append_json_escaped(std::string& out, std::string_view text) {
    while (!text.empty()) {
        std::size_t plain = 0;
        while (plain < text.size() && is_plain(text[plain])) ++plain;
        out += text.substr(0, plain);
        text.remove_prefix(plain);
        if (text.empty()) return;
        std::size_t used = 1;
        if (static_cast<unsigned char>(text.front()) < 0x80) {
            append_control(out, text.front());
        } else if (const auto size = sequence_at(text); size > 0) {
            out += text.substr(0, size);
            used = size;
        } else {
            out += replacement;
        }
        text.remove_prefix(used);
    }
}

JsonWriter& JsonWriter::key(std::string_view name) {
    before_value();
    out_ += '"';
    append_json_escaped(out_, name);
    out_ += "\":";
    comma_ = false;
    return *this;
}

JsonWriter& JsonWriter::string(std::string_view text) {
    before_value();
    out_ += '"';
    append_json_escaped(out_, text);
    out_ += '"';
    return *this;
}

JsonWriter& JsonWriter::number_text(std::uint64_t value) {
    before_value();
    append_integer(out_, value);
    return *this;
}

JsonWriter& JsonWriter::number_text(std::int64_t value) {
    before_value();
    append_integer(out_, value);
    return *this;
}

JsonWriter& JsonWriter::boolean(bool value) { return raw(value ? "true" : "false"); }
JsonWriter& JsonWriter::null() { return raw("null"); }

JsonWriter& JsonWriter::decimal(ledger::base::Quantity quantity, int scale) {
    before_value();
    out_ += '"';
    ledger::base::append_decimal(out_, quantity, scale);
    out_ += '"';
    return *this;
}

JsonWriter& JsonWriter::instant(ledger::base::Microseconds at) {
    return string(ledger::base::format_rfc3339(at));
}
JsonWriter& JsonWriter::day(std::chrono::year_month_day day) { return string(ledger::base::format_day(day)); }

JsonWriter& JsonWriter::raw(std::string_view json) {
    before_value();
    out_ += json;
    return *this;
}

JsonWriter& JsonWriter::open(char bracket) {
    before_value();
    out_ += bracket;
    comma_ = false;
    return *this;
}

JsonWriter& JsonWriter::close(char bracket) {
    out_ += bracket;
    comma_ = true;
    return *this;
}

}  // namespace api::wire
