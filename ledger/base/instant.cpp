#include "ledger/base/instant.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

#include "ledger/base/ensure.hpp"

namespace ledger::base {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::microseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using std::chrono::sys_days;
using std::chrono::year_month_day;

constexpr Microseconds first_instant{sys_days{std::chrono::year{1970} / 1 / 1}};
constexpr Microseconds first_instant_after{sys_days{std::chrono::year{10000} / 1 / 1}};

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Takes what it expects from the front of a text; after the first failure it takes nothing more.
class Reader {
public:
    explicit Reader(std::string_view text) : rest_{text} {}

    int number(std::size_t digits) {
        if (rest_.size() < digits || !std::ranges::all_of(rest_.substr(0, digits), is_digit)) return fail();
        int value = 0;
        for (const char digit : rest_.substr(0, digits)) value = value * 10 + (digit - '0');
        rest_.remove_prefix(digits);
        return value;
    }

    void mark(char expected) {
        if (!take(expected)) fail();
    }

    bool take(char expected) {
        if (!rest_.starts_with(expected)) return false;
        rest_.remove_prefix(1);
        return true;
    }

    void require(bool condition) {
        if (!condition) fail();
    }

    [[nodiscard]] std::size_t digits_ahead() const {
        return static_cast<std::size_t>(std::ranges::find_if_not(rest_, is_digit) - rest_.begin());
    }

    [[nodiscard]] bool is_done() const { return !failed_ && rest_.empty(); }

private:
    int fail() {
        failed_ = true;
        rest_ = {};
        return 0;
    }

    std::string_view rest_;
    bool failed_ = false;
};

year_month_day read_day(Reader& reader) {
    const int year = reader.number(4);
    reader.mark('-');
    const int month = reader.number(2);
    reader.mark('-');
    const int day = reader.number(2);
    const year_month_day date{std::chrono::year{year}, std::chrono::month{static_cast<unsigned>(month)},
                              std::chrono::day{static_cast<unsigned>(day)}};
    reader.require(date.ok());
    return date;
}

microseconds read_time(Reader& reader) {
    const int hour = reader.number(2);
    reader.mark(':');
    const int minute = reader.number(2);
    reader.mark(':');
    const int second = reader.number(2);
    reader.require(hour < 24 && minute < 60 && second < 60);
    microseconds fraction{0};
    if (reader.take('.')) {
        const std::size_t digits = reader.digits_ahead();
        reader.require(digits >= 1 && digits <= 6);
        fraction = microseconds{reader.number(digits)};
        for (std::size_t place = digits; place < 6; ++place) fraction *= 10;
    }
    return hours{hour} + minutes{minute} + seconds{second} + fraction;
}

minutes read_offset(Reader& reader) {
    if (reader.take('Z') || reader.take('z')) return minutes{0};
    const bool is_west = reader.take('-');
    if (!is_west) reader.mark('+');
    const int hour = reader.number(2);
    reader.mark(':');
    const int minute = reader.number(2);
    reader.require(hour < 24 && minute < 60);
    const minutes offset = hours{hour} + minutes{minute};
    return is_west ? -offset : offset;
}

void write_number(char* out, unsigned value, std::size_t digits) {
    for (std::size_t place = digits; place-- > 0; value /= 10)
        out[place] = static_cast<char>('0' + value % 10);
}

void write_day(char* out, year_month_day day) {
    const int year = static_cast<int>(day.year());
    ensure(day.ok() && year >= 0 && year <= 9999,
           "a day that is printed exists and has a year of four digits");
    write_number(out, static_cast<unsigned>(year), 4);
    out[4] = '-';
    write_number(out + 5, static_cast<unsigned>(day.month()), 2);
    out[7] = '-';
    write_number(out + 8, static_cast<unsigned>(day.day()), 2);
}

}  // namespace

std::optional<Microseconds> parse_rfc3339(std::string_view text) {
    Reader reader{text};
    const year_month_day date = read_day(reader);
    if (!reader.take('T')) reader.mark('t');
    const microseconds time = read_time(reader);
    const minutes offset = read_offset(reader);
    if (!reader.is_done()) return std::nullopt;
    const Microseconds at = sys_days{date} + time - offset;
    if (at < first_instant || at >= first_instant_after) return std::nullopt;
    return at;
}

std::string format_rfc3339(Microseconds at) {
    const auto midnight = std::chrono::floor<days>(at);
    const auto since_midnight = (at - midnight).count();
    const auto second_of_day = static_cast<unsigned>(since_midnight / 1'000'000);
    std::array<char, 27> text;
    char* const out = text.data();
    write_day(out, year_month_day{midnight});
    out[10] = 'T';
    write_number(out + 11, second_of_day / 3600, 2);
    out[13] = ':';
    write_number(out + 14, second_of_day / 60 % 60, 2);
    out[16] = ':';
    write_number(out + 17, second_of_day % 60, 2);
    out[19] = '.';
    write_number(out + 20, static_cast<unsigned>(since_midnight % 1'000'000), 6);
    out[26] = 'Z';
    return {text.data(), text.size()};
}

std::optional<year_month_day> parse_day(std::string_view text) {
    Reader reader{text};
    const year_month_day day = read_day(reader);
    if (!reader.is_done()) return std::nullopt;
    return day;
}

std::string format_day(year_month_day day) {
    std::string text(10, '0');
    write_day(text.data(), day);
    return text;
}

}  // namespace ledger::base
